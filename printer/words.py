"""Every word that stands on paper, in Japanese and English side by side, and how values look.

Amounts, dates and numbers in groups carry no-break spaces in English, so that no line ends inside
one; in Japanese they have no space, and :mod:`printer.wrap` keeps them whole.
"""

from datetime import date, datetime, timedelta, timezone
from enum import Enum

from printer.documents import (
    ClearingReceipt,
    Document,
    Language,
    Settled,
    Slip,
    SlipKind,
    TakingsKind,
    Ticket,
    TrialSheet,
    ZReport,
)
from printer.errors import Trouble

_NBSP = "\u00a0"
_NUMBER_DIGITS = 13
_MINUS = "\u2212"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# A fixed offset on purpose: Japan has kept UTC+9 without summer time since 1952, and a Windows PC
# has no time zone database to ask.
_TOKYO = timezone(timedelta(hours=9))


class Word(Enum):
    """A word or sentence as (Japanese, English)."""

    TRAINING = "練習用（使えません）", "TRAINING (not valid)"
    SPECIMEN = "見本（使えません）", "SPECIMEN (not valid)"
    REPRINT = "再発行 {count}回目", "REPRINT no. {count}"

    TICKET = "ポイント券", "Point Ticket"
    VALID = "有効期間", "Valid"
    VALID_FROM = "{first}から", "{first} to"
    VALID_UNTIL = "{last}まで", "{last}"
    VALID_ONE_DAY = "{last}かぎり", "{last} only"
    BOTH_INCLUDED = "（最初の日と最後の日も使えます）", "(first and last day included)"
    QR_CODE = "QRコード", "QR code"
    TICKET_NUMBER = "発券番号", "Ticket number"
    ISSUED_ON = "発行日", "Issued"
    USED_AT = "使えるところ", "Where to use it"
    EVERYWHERE = "{town}が認めたすべてのお店", "Every shop that {town} has accepted"
    COMMA = "、", ", "
    ONLINE_ONLY = (
        "お店がオンラインのときだけ使えます。",
        "Accepted only where the shop is online.",
    )
    ISSUE_STAMP = "＜発行認印＞", "Issuer stamp"
    SHOP_STAMP = "＜利用店舗印＞", "Shop stamp"
    ONCE = "1回かぎり。おつりは出ません。", "One use only; no change given."
    NO_CASH = "換金・売買はできません。", "Not for cash, not for resale."
    NO_COPY = "コピーは使えません。", "A copy is not accepted."
    ONE_OF_TWO = (
        "再発行の券です。前の券と、どちらか1回だけ使えます。",
        "A reprint: it or the earlier paper can be used, once.",
    )
    LOST = "なくしたら、カードを券の窓口へ。", "If lost, bring your card to a ticket counter."
    TERM = "・{words}", "\N{BULLET} {words}"
    STUB = "控え", "Stub"
    STUB_WORTH = "この控えでは買い物できません。", "This part buys nothing."
    STUB_LOST = (
        "券をなくしたら、カードを持って券の窓口へ。暗証番号で取り消せます。この番号があると、早く見つかります。",
        "If lost, bring your card and its PIN to a ticket counter. This number helps to find it.",
    )
    CUT_HERE = "きりとり線", "cut along the dashed lines"
    USE_TITLE = "つかいかた", "How to use it"
    STEP = "{number}　{words}", "{number}.\N{NO-BREAK SPACE}{words}"
    USE_CUT = "上の券を、線にそって切りはなします。", "Cut out the ticket above."
    USE_HAND = (
        "お会計のときに、券をお店の人にわたします。",
        "Hand the ticket to the shop when you pay.",
    )
    USE_KEEP = (
        "控えは、券を使いおわるまで家に置いておきます。",
        "Keep the stub at home until the ticket is used.",
    )
    ISSUED_BY = "発行元", "Issued by"

    SLIP_SPEND = "ポイント利用控え", "Points Used"
    SLIP_REDEMPTION = "ポイント券利用控え", "Ticket Redeemed"
    SLIP_REVERSAL = "取消控え", "Cancelled"
    SLIP_REFUND = "返品控え", "Refund"
    SLIP_VOID = "ポイント券取消控え", "Ticket Voided"
    GIVEN_BACK = "取り消したポイント", "Points cancelled"
    REFUNDED = "お返ししたポイント", "Points given back"
    RETURNED = "残高にもどるポイント", "Points that return to the balance"
    BALANCE = "残り", "Balance"
    AT_LEAST = "{amount}以上", "{amount} or more"
    AS_OF = "{at} 現在", "as of {at}"
    HOW = "確認", "Checked"
    HOW_ONLINE = "センター確認済み", "by the hub, at once"
    HOW_OFFLINE = "オフライン（後日精算）", "offline, will be settled"
    HOW_ZONE = "区域のあずかり分", "from the zone's deposit"
    AT = "日時", "Time"
    NODE = "端末", "Node"
    SEQ = "記録番号", "Record no."
    UNDOES = "取り消した記録", "Cancels record no."
    UNDONE_LATER = (
        "センターに届いてから、もとにもどります。",
        "It is undone once the hub has received this.",
    )
    VOID_LATER = (
        "すべてのお店に知らせてから、おそくとも使える最後の日の7日後に、もとにもどります。",
        "They return once every shop knows, at the latest 7 days after the last day of use.",
    )
    DIGEST = "照合番号", "Record digest"

    Z_REPORT = "日計", "Z-Report"
    SHIFT = "シフト", "Shift"
    OPENED = "開始", "Opened"
    CLOSED = "締め", "Closed"
    KIND_SPEND = "ポイント利用", "Points used"
    KIND_REDEMPTION = "ポイント券", "Tickets"
    KIND_REVERSAL = "取消", "Cancelled"
    KIND_REFUND = "返品", "Refunds"
    COUNT = "{count}件", "{count}"
    COUNTED = "{label}（{count}件）", "{label} ({count})"
    NOTHING_TAKEN = "この間の利用はありません。", "Nothing was taken in this shift."
    TAKEN = "受取", "Taken"
    UNDONE = "取消・返品", "Given back"
    TOTAL = "合計", "Total"
    RECORDS = "記録", "Records"
    SYNCED = "センターへ送信済み", "Received by the hub"
    WAITING = "送信待ち", "Waiting to be sent"
    LIMIT = "オフラインの枠", "Offline limit"
    LIMIT_USED = "使った分", "Used"
    LIMIT_LEFT = "残りの枠", "Left"
    NEXT_PAYMENT = "次の支払日", "Next payment"
    NOT_KNOWN = "未定", "not known yet"
    DIGESTS = "送信待ちの記録", "Waiting records"
    KEEP_PAPER = (
        "送信が終わるまで、この紙を保管してください。",
        "Keep this paper until they are received.",
    )

    CLEARING_RECEIPT = "消込受領書", "Clearing Receipt"
    TO = "{organisation} 様", "For {organisation}"
    CLEARED_POINTS = "お預かりしたポイント券", "Point tickets received"
    EACH = "{amount}券", "of {amount}"
    TIMES = "{count}枚", "{count}"
    TICKETS = "{count}枚", "{count} tickets"
    TICKET_ONE = "{count}枚", "{count} ticket"
    NOTHING_CLEARED = "消し込んだポイント券はありません。", "No ticket was cleared."
    NOT_CLEARED = "お返しした紙（{count}枚）", "Paper given back ({count})"
    NOT_PAID = (
        "この紙のポイントは支払われません。",
        "The points on this paper are not paid.",
    )
    OFFICE = "取扱い", "Cleared by"

    UNIT_ONE = "ポイント", "point"
    UNIT = "ポイント", "points"

    NO_PRINTER = "プリンターが設定されていません。", "No printer is set up."
    UNREACHABLE = (
        "プリンターにつながりません。電源とケーブルを見てください。",
        "The printer cannot be reached. Look at its power and cable.",
    )
    NO_FOLDER = (
        "PDFを入れるフォルダーがないか、書き込めません。USBメモリの中なら挿してください。",
        "The folder for PDF files is not there or cannot be written. Is it on a stick? Plug it in.",
    )
    NOT_ALLOWED = (
        "このパソコンの設定で、プリンターを使えません。係の人に連絡してください。",
        "This PC does not let us use the printer. Call the person who set it up.",
    )
    NO_DRIVER = (
        "プリンター用のソフトが足りません。係の人に連絡してください。",
        "Software for the printer is missing. Call the person who set it up.",
    )
    BUSY = (
        "ほかのソフトがプリンターを使っています。終われば印刷します。",
        "Another program is using the printer. It prints when that is done.",
    )
    OFFLINE = (
        "プリンターがオフラインです。本体のボタンと表示を見てください。",
        "The printer is offline. Look at its buttons and lights.",
    )
    NEAR_END = (
        "プリンターの紙がもうすぐなくなります。",
        "The printer's paper is nearly used up.",
    )
    CUTTER_STUCK = (
        "プリンターのカッターが止まりました。紙づまりを見て、電源を入れ直してください。",
        "The printer's cutter is stuck. Look for jammed paper, then switch it off and on.",
    )
    OVERHEATED = (
        "プリンターが熱くなりました。少し待つと印刷します。",
        "The printer is too hot. It prints after a short wait.",
    )
    QUEUE_STOPPED = (
        "パソコンの印刷キューが止まっています。係の人に連絡してください。",
        "This PC's print queue has stopped. Call the person who set it up.",
    )
    SILENT = (
        "プリンターの返事がありません。電源を入れ直してください。",
        "The printer does not answer. Switch it off and on.",
    )
    COVER_OPEN = "プリンターのふたを閉めてください。", "Close the printer's cover."
    PAPER_OUT = "プリンターの紙を入れてください。", "Put paper into the printer."
    DEVICE_ERROR = (
        "プリンターのエラーです。紙づまりを見て、電源を入れ直してください。",
        "The printer reports an error. Look for jammed paper, then switch it off and on.",
    )
    CUT_OFF = (
        "印刷の途中で切れました。紙が出たか見てください。",
        "The printer was cut off half-way. Look whether paper came out.",
    )
    UNCONFIRMED = (
        "印刷されたかもしれません。紙を見てください。",
        "It may have printed. Look at the paper.",
    )
    UNREADABLE = "この文書は印刷できません。", "This document cannot be printed."

    TRIAL = "テスト印刷", "Test Print"
    TRIAL_EDGES = (
        "左右の線が紙の中にあれば、紙の幅は合っています。",
        "Both edge marks on the paper: the width is right.",
    )
    TRIAL_LETTERS = "文字", "Letters"
    TRIAL_CODE = "このコードはポイント券ではありません。", "This code is no ticket."
    TRIAL_MODEL = "機種", "Model"
    TRIAL_PLACE = "つなぎ方", "Connected by"
    TRIAL_DOTS = "紙の幅（ドット）", "Width in dots"

    def __init__(self, ja: str, en: str) -> None:
        self.ja = ja
        self.en = en

    def say(self, language: Language, **values: str) -> str:
        """The word in a language, its places filled in."""
        return (self.ja if language == "ja" else self.en).format(**values)


SLIP_TITLES: dict[SlipKind, Word] = {
    "spend": Word.SLIP_SPEND,
    "redemption": Word.SLIP_REDEMPTION,
    "reversal": Word.SLIP_REVERSAL,
    "refund": Word.SLIP_REFUND,
    "void": Word.SLIP_VOID,
}
KINDS: dict[TakingsKind, Word] = {
    "spend": Word.KIND_SPEND,
    "redemption": Word.KIND_REDEMPTION,
    "reversal": Word.KIND_REVERSAL,
    "refund": Word.KIND_REFUND,
}
SETTLED: dict[Settled, Word] = {
    "online": Word.HOW_ONLINE,
    "offline": Word.HOW_OFFLINE,
    "zone": Word.HOW_ZONE,
}


def day(when: date, language: Language) -> str:
    """2017年12月15日, 15 Dec 2017."""
    if language == "ja":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day}{_NBSP}{_MONTHS[when.month - 1]}{_NBSP}{when.year}"


def minute(at: datetime, language: Language) -> str:
    """The day and the time of day in Tokyo, to the minute; ``at`` is aware."""
    local = at.astimezone(_TOKYO)
    return f"{day(local, language)} {local:%H:%M}"


def grouped(number: int) -> str:
    """1,000; below zero with a true minus sign."""
    return f"{_MINUS if number < 0 else ''}{abs(number):,}"


def unit(points: int, language: Language) -> str:
    """The word behind an amount of points."""
    return (Word.UNIT_ONE if abs(points) == 1 else Word.UNIT).say(language)


def amount(points: int, language: Language) -> str:
    """1,000ポイント, 1,000 points."""
    gap = "" if language == "ja" else _NBSP
    return f"{grouped(points)}{gap}{unit(points, language)}"


def aloud(said: str) -> str:
    """A ticket number in groups for reading aloud: 123 456 789 012 3. Other words stay."""
    if len(said) != _NUMBER_DIGITS or not said.isdigit():
        return said
    return _NBSP.join(said[i : i + 3] for i in range(0, _NUMBER_DIGITS, 3))


def trouble_in_words(trouble: Trouble, language: Language) -> str:
    """What happened at the printer and what to do, for the person who stands before it."""
    return Word[trouble.name].say(language)


def title(document: Document) -> str:
    """One line that names a document in a list of print jobs."""
    language = document.language
    match document:
        case Ticket():
            word, points = Word.TICKET, document.points
        case Slip():
            word, points = SLIP_TITLES[document.kind], document.points
        case ZReport():
            word, points = Word.Z_REPORT, document.total
        case ClearingReceipt():
            word, points = Word.CLEARING_RECEIPT, document.points
        case TrialSheet():
            return Word.TRIAL.say(language)
    return f"{word.say(language)} {amount(points, language)}"

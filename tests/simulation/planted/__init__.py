"""Mistakes that the simulator must catch, each planted by changing one rule of the real programs.

Every one of them is a rule that somebody could forget, or get almost right. Each names the
invariant that finds it, the kind of town, and the seed from which it shows within sixty days.
"""

from tests.simulation.planted import at_the_counter as counter
from tests.simulation.planted import at_the_hub as hub
from tests.simulation.planted import at_the_node as node
from tests.simulation.planted import giving_back as back
from tests.simulation.planted.mistake import Mistake

PLANTED: dict[str, Mistake] = {
    # what was acknowledged
    "custody before commit": Mistake("I5", "storm", 4, hub.custody_before_commit),
    "receipt before commit": Mistake("I5", "storm", 1, hub.receipt_before_commit),
    "hold before commit": Mistake("I5", "storm", 1, hub.hold_before_commit),
    "new life before commit": Mistake("I5", "storm", 5, hub.life_before_commit),
    "outbox advanced before the receipt is stored": Mistake(
        "I5|I8", "storm", 3, node.receipt_counted_first
    ),
    "receipt counted and never stored": Mistake("I5", "usual", 1, node.receipt_not_stored),
    # custody
    "dedupe by place only": Mistake("I5", "copies", 2, hub.deduplicated_by_place_only),
    "chain unchecked": Mistake("I6", "offline", 4, hub.chain_unchecked),
    "spoilt evidence stays": Mistake("I4", "offline", 4, hub.evidence_not_healed),
    "a healed sale held against itself": Mistake("I4", "offline", 3, hub.healed_by_later_ones),
    "second path trimmed to nothing": Mistake("I6", "storm", 6, node.head_trimmed),
    # what a node may do alone
    "float freed by custody": Mistake("I4", "festival", 1, node.float_freed_by_custody),
    "float freed by quarantine": Mistake("I4", "festival", 4, node.float_freed_by_quarantine),
    "own spends forgotten": Mistake("I4", "festival", 1, node.own_spends_forgotten),
    # closed cards
    "closed cards taken": Mistake("I4", "lost cards", 11, node.closed_cards_taken),
    "lapsed lists believed": Mistake("I4", "lost cards", 11, node.lapsed_lists_believed),
    "later news counts": Mistake("I4", "lost cards", 11, hub.later_news_counts),
    # holds
    "holds freed by any put": Mistake("I4", "usual", 4, hub.holds_freed_by_any_put),
    "a late hold doubled": Mistake("I2", "flaky", 2, hub.late_hold_doubled),
    "a given up attempt opens late": Mistake("I2", "flaky", 3, hub.given_up_attempt_opens),
    "held without the records before": Mistake("I2", "offline", 31, hub.records_not_asked_first),
    # tickets
    "second redemption applied": Mistake("I7", "paper", 1, hub.second_redemption_applied),
    "undone first redemption not replaced": Mistake("I7", "paper", 3, hub.none_promoted),
    "a claimed ticket paid twice": Mistake("I2|I5", "paper", 1, hub.claim_ignored),
    # the ledger
    "reversal credited in full": Mistake("I2", "festival", 2, hub.reversal_in_full),
    "a reversed hold goes back to the hold": Mistake("I2", "usual", 1, hub.reversed_into_hold),
    "deficit not recovered": Mistake("I2", "festival", 2, hub.deficit_not_recovered),
    "late spends ignore what lapsed": Mistake("I2", "expiry", 15, hub.lapsed_ignored),
    "posted twice": Mistake("I2", "usual", 4, hub.posted_twice),
    "window by time": Mistake("I10", "usual", 4, hub.window_by_time),
    # given back
    "refunds without bound": Mistake("I10", "returns", 11, back.refunds_without_bound),
    "refund to paper": Mistake("I2", "returns", 11, back.refund_to_paper),
    "refund out of a paid window": Mistake("I5", "returns", 11, back.refund_out_of_a_paid_window),
    "refund that names no record": Mistake("I10", "returns", 11, back.refund_without_name),
    "void gives back again": Mistake("I2", "returns", 11, back.void_gives_back_again),
    "lost ticket paid at once": Mistake("I2|I5", "returns", 11, back.lost_ticket_paid_at_once),
    "copy of voided unpaid": Mistake("I10", "returns", 11, back.copy_of_voided_unpaid),
    "void ends before all know": Mistake("I4", "returns", 12, back.void_ends_before_all_know),
    # piles and typed numbers
    "clearing pays the office": Mistake("I10", "piles", 1, counter.clearing_pays_the_office),
    "cleared for ever": Mistake("I10", "piles", 1, counter.cleared_for_ever),
    "typed number without a hold": Mistake("I4", "piles", 1, counter.typed_without_a_hold),
    "second clearing paid": Mistake("I10", "piles", 1, counter.second_clearing_paid),
    # who is who
    "certificate kept open": Mistake("I11", "usual", 1, node.certificate_kept_open),
}

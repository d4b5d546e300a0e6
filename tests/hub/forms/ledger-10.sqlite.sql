CREATE TABLE meta (
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID;

CREATE TABLE chronicle (
	municipality TEXT NOT NULL,
	seq BIGINT NOT NULL,
	incarnation BIGINT NOT NULL,
	kind TEXT NOT NULL,
	at BIGINT NOT NULL,
	person TEXT NOT NULL,
	bytes BLOB NOT NULL,
	digest BLOB NOT NULL,
	PRIMARY KEY (municipality, seq)
)
 WITHOUT ROWID;

CREATE TABLE revocation_source (
	municipality TEXT NOT NULL,
	source TEXT NOT NULL,
	PRIMARY KEY (municipality)
)
 WITHOUT ROWID;

CREATE TABLE pending (
	municipality TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	person TEXT NOT NULL,
	at BIGINT NOT NULL,
	body BLOB NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (municipality, id)
)
 WITHOUT ROWID;

CREATE INDEX pending_waiting ON pending (municipality, at, id) WHERE state='waiting';

CREATE TABLE answered (
	municipality TEXT NOT NULL,
	person TEXT NOT NULL,
	"key" TEXT NOT NULL,
	at BIGINT NOT NULL,
	asked BLOB NOT NULL,
	answer BLOB NOT NULL,
	PRIMARY KEY (municipality, person, "key")
)
 WITHOUT ROWID;

CREATE INDEX answered_at ON answered (municipality, at);

CREATE TABLE operator (
	municipality TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	token_digest BLOB NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (municipality, name)
)
 WITHOUT ROWID;

CREATE TABLE sign_in (
	municipality TEXT NOT NULL,
	name TEXT NOT NULL,
	password TEXT NOT NULL,
	secret BLOB NOT NULL,
	step BIGINT NOT NULL,
	codes BLOB NOT NULL,
	joining_token BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (municipality, name)
)
 WITHOUT ROWID;

CREATE TABLE access (
	municipality TEXT NOT NULL,
	digest BLOB NOT NULL,
	name TEXT NOT NULL,
	label TEXT NOT NULL,
	role TEXT NOT NULL,
	made_at BIGINT NOT NULL,
	used_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	PRIMARY KEY (municipality, digest)
)
 WITHOUT ROWID;

CREATE TABLE municipality (
	municipality TEXT NOT NULL,
	name TEXT NOT NULL,
	point_name TEXT NOT NULL,
	account BLOB NOT NULL,
	calendar BLOB NOT NULL,
	policy BLOB NOT NULL,
	posting BIGINT NOT NULL,
	window BIGINT NOT NULL,
	feed BIGINT NOT NULL,
	expired_until BIGINT NOT NULL,
	tickets_made BIGINT NOT NULL,
	month BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (municipality)
)
 WITHOUT ROWID;

CREATE TABLE policy (
	municipality TEXT NOT NULL,
	digest BLOB NOT NULL,
	bytes BLOB NOT NULL,
	PRIMARY KEY (municipality, digest)
)
 WITHOUT ROWID;

CREATE TABLE organisation (
	municipality TEXT NOT NULL,
	organisation TEXT NOT NULL,
	name TEXT NOT NULL,
	place TEXT NOT NULL,
	state TEXT NOT NULL,
	account BLOB NOT NULL,
	next_account BLOB NOT NULL,
	PRIMARY KEY (municipality, organisation)
)
 WITHOUT ROWID;

CREATE TABLE acceptance (
	municipality TEXT NOT NULL,
	organisation TEXT NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (municipality, organisation)
)
 WITHOUT ROWID;

CREATE INDEX acceptance_of ON acceptance (organisation, municipality);

CREATE TABLE node (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	organisation TEXT NOT NULL,
	kind TEXT NOT NULL,
	place TEXT NOT NULL,
	zone TEXT NOT NULL,
	state TEXT NOT NULL,
	code_digest BLOB NOT NULL,
	public BLOB NOT NULL,
	float_points BIGINT NOT NULL,
	last_seen BIGINT NOT NULL,
	PRIMARY KEY (municipality, node)
)
 WITHOUT ROWID;

CREATE TABLE epoch (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	number BIGINT NOT NULL,
	public BLOB NOT NULL,
	state TEXT NOT NULL,
	closed_at BIGINT NOT NULL,
	closed_seq BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, epoch)
)
 WITHOUT ROWID;

CREATE TABLE cursor (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	base BIGINT NOT NULL,
	received BIGINT NOT NULL,
	head BLOB NOT NULL,
	posted BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch)
)
 WITHOUT ROWID;

CREATE INDEX cursor_waiting ON cursor (municipality) WHERE posted<received;

CREATE TABLE handover (
	municipality TEXT NOT NULL,
	home TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	seq BIGINT NOT NULL,
	PRIMARY KEY (municipality, home, node, epoch, branch, seq)
)
 WITHOUT ROWID;

CREATE TABLE inbox (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	posted_then BIGINT NOT NULL,
	body BLOB NOT NULL,
	head BLOB NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch, first)
)
 WITHOUT ROWID;

CREATE TABLE card_evidence (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	seq BIGINT NOT NULL,
	evidence BLOB NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch, seq)
)
 WITHOUT ROWID;

CREATE TABLE record (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	seq BIGINT NOT NULL,
	digest BLOB NOT NULL,
	kind TEXT NOT NULL,
	town TEXT NOT NULL,
	account TEXT NOT NULL,
	points BIGINT NOT NULL,
	tier TEXT NOT NULL,
	at BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	reason TEXT NOT NULL,
	bearer TEXT NOT NULL,
	paid BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	hold BIGINT NOT NULL,
	undone TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch, seq)
)
 WITHOUT ROWID;

CREATE INDEX record_of_ticket ON record (account) WHERE kind LIKE 'ticket.%';

CREATE TABLE record_day (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	day BIGINT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	first BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, day, epoch, branch)
)
 WITHOUT ROWID;

CREATE TABLE decision (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	n BIGINT NOT NULL,
	branch TEXT NOT NULL,
	seq BIGINT NOT NULL,
	verdict BLOB NOT NULL,
	PRIMARY KEY (municipality, node, epoch, n)
)
 WITHOUT ROWID;

CREATE TABLE balance (
	municipality TEXT NOT NULL,
	account TEXT NOT NULL,
	points BIGINT NOT NULL,
	PRIMARY KEY (municipality, account),
	CONSTRAINT only_these_may_be_negative CHECK (points >= 0 OR account IN ('issuer','treasury','reserve') OR account LIKE 'deficit:%' OR account LIKE 'receivable:%'),
	CONSTRAINT deficit_is_owed CHECK (points <= 0 OR account NOT LIKE 'deficit:%')
)
 WITHOUT ROWID;

CREATE TABLE touched (
	municipality TEXT NOT NULL,
	account TEXT NOT NULL,
	posting BIGINT NOT NULL,
	PRIMARY KEY (municipality, account)
)
 WITHOUT ROWID;

CREATE INDEX touched_since ON touched (municipality, posting, account);

CREATE TABLE transfer (
	municipality TEXT NOT NULL,
	month BIGINT NOT NULL,
	source TEXT NOT NULL,
	epoch TEXT NOT NULL,
	seq BIGINT NOT NULL,
	part BIGINT NOT NULL,
	debit TEXT NOT NULL,
	credit TEXT NOT NULL,
	points BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	window BIGINT NOT NULL,
	step BIGINT NOT NULL,
	at BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	"of" TEXT NOT NULL,
	PRIMARY KEY (municipality, source, epoch, seq, part, month),
	CONSTRAINT a_transfer_moves_points CHECK (points > 0)
);

CREATE INDEX transfer_from_wallet ON transfer (municipality, debit, posting) WHERE debit >= 'wallet:' AND debit < 'wallet;';

CREATE INDEX transfer_to_wallet ON transfer (municipality, credit, posting) WHERE credit >= 'wallet:' AND credit < 'wallet;';

CREATE INDEX transfer_for ON transfer (municipality, "of") WHERE "of" <> '';

CREATE TABLE month_over (
	municipality TEXT NOT NULL,
	month BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	PRIMARY KEY (municipality, month)
)
 WITHOUT ROWID;

CREATE TABLE borne (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	window BIGINT NOT NULL,
	points BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, window)
)
 WITHOUT ROWID;

CREATE TABLE earned (
	municipality TEXT NOT NULL,
	window BIGINT NOT NULL,
	organisation TEXT NOT NULL,
	node TEXT NOT NULL,
	points BIGINT NOT NULL,
	PRIMARY KEY (municipality, window, organisation, node)
)
 WITHOUT ROWID;

CREATE TABLE posting (
	municipality TEXT NOT NULL,
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	tick BIGINT NOT NULL,
	window BIGINT NOT NULL,
	cause BLOB NOT NULL,
	PRIMARY KEY (municipality, number)
)
 WITHOUT ROWID;

CREATE INDEX posting_order ON posting (tick);

CREATE TABLE lot_date (
	municipality TEXT NOT NULL,
	expires BIGINT NOT NULL,
	account TEXT NOT NULL,
	PRIMARY KEY (municipality, expires, account)
)
 WITHOUT ROWID;

CREATE TABLE left_then (
	municipality TEXT NOT NULL,
	account TEXT NOT NULL,
	posting BIGINT NOT NULL,
	lots BLOB NOT NULL,
	PRIMARY KEY (municipality, account)
)
 WITHOUT ROWID;

CREATE TABLE hold (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	n BIGINT NOT NULL,
	town TEXT NOT NULL,
	purpose TEXT NOT NULL,
	account TEXT NOT NULL,
	points BIGINT NOT NULL,
	request BLOB NOT NULL,
	state TEXT NOT NULL,
	reason TEXT NOT NULL,
	tickets BLOB NOT NULL,
	opened_at BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, epoch, n)
)
 WITHOUT ROWID;

CREATE INDEX hold_open_on ON hold (town, account) WHERE state='open';

CREATE INDEX hold_open_of ON hold (municipality, node) WHERE state='open';

CREATE TABLE ticket (
	municipality TEXT NOT NULL,
	number TEXT NOT NULL,
	programme TEXT NOT NULL,
	points BIGINT NOT NULL,
	valid_from TEXT NOT NULL,
	valid_until TEXT NOT NULL,
	state TEXT NOT NULL,
	account TEXT NOT NULL,
	held_by TEXT NOT NULL,
	issued_by TEXT NOT NULL,
	redeemed_by TEXT NOT NULL,
	voided_by TEXT DEFAULT '' NOT NULL,
	lost BIGINT DEFAULT '0' NOT NULL,
	name BLOB NOT NULL,
	signed BLOB NOT NULL,
	PRIMARY KEY (municipality, number)
)
 WITHOUT ROWID;

CREATE INDEX ticket_of ON ticket (municipality, account) WHERE state IN ('issued', 'voiding');

CREATE INDEX ticket_days ON ticket (municipality, state, valid_until);

CREATE TABLE reprint (
	municipality TEXT NOT NULL,
	number TEXT NOT NULL,
	record TEXT NOT NULL,
	town TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (municipality, number, record)
)
 WITHOUT ROWID;

CREATE INDEX reprint_of ON reprint (number);

CREATE TABLE second_redemption (
	municipality TEXT NOT NULL,
	number TEXT NOT NULL,
	record TEXT NOT NULL,
	organisation TEXT NOT NULL,
	posting BIGINT NOT NULL,
	standing BIGINT NOT NULL,
	PRIMARY KEY (municipality, number, record)
)
 WITHOUT ROWID;

CREATE TABLE incident (
	municipality TEXT NOT NULL,
	id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	node TEXT NOT NULL,
	epoch TEXT NOT NULL,
	branch TEXT NOT NULL,
	seq BIGINT NOT NULL,
	town TEXT NOT NULL,
	points BIGINT NOT NULL,
	reason TEXT NOT NULL,
	bearer TEXT NOT NULL,
	at BIGINT NOT NULL,
	other TEXT NOT NULL,
	state TEXT NOT NULL,
	decision TEXT NOT NULL,
	PRIMARY KEY (municipality, id)
)
 WITHOUT ROWID;

CREATE INDEX incident_stopped ON incident (municipality) WHERE kind='posting' AND state='open';

CREATE UNIQUE INDEX incident_of ON incident (municipality, node, epoch, branch, seq, kind);

CREATE INDEX incident_may_heal ON incident (municipality) WHERE state='open' AND reason IN ('bad-signature', 'no-evidence', 'issue-not-posted');

CREATE TABLE decided (
	municipality TEXT NOT NULL,
	incident BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	PRIMARY KEY (municipality, incident, seq)
)
 WITHOUT ROWID;

CREATE TABLE programme (
	municipality TEXT NOT NULL,
	programme TEXT NOT NULL,
	name TEXT NOT NULL,
	department TEXT NOT NULL,
	budget BIGINT NOT NULL,
	granted BIGINT NOT NULL,
	give_until TEXT NOT NULL,
	issue_until TEXT NOT NULL,
	use_until TEXT NOT NULL,
	clear_until TEXT NOT NULL,
	zones BLOB NOT NULL,
	PRIMARY KEY (municipality, programme)
)
 WITHOUT ROWID;

CREATE TABLE settlement_window (
	municipality TEXT NOT NULL,
	kind TEXT NOT NULL,
	window BIGINT NOT NULL,
	state TEXT NOT NULL,
	closed_at BIGINT NOT NULL,
	closed_by TEXT NOT NULL,
	reviewed_by TEXT NOT NULL,
	approved_by TEXT NOT NULL,
	pay_on TEXT NOT NULL,
	file BLOB NOT NULL,
	file_digest TEXT NOT NULL,
	PRIMARY KEY (municipality, kind, window)
)
 WITHOUT ROWID;

CREATE TABLE settlement_line (
	municipality TEXT NOT NULL,
	kind TEXT NOT NULL,
	window BIGINT NOT NULL,
	organisation TEXT NOT NULL,
	line BIGINT NOT NULL,
	points BIGINT NOT NULL,
	netted BIGINT NOT NULL,
	paid BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	why TEXT NOT NULL,
	account BLOB NOT NULL,
	PRIMARY KEY (municipality, kind, window, organisation)
)
 WITHOUT ROWID;

CREATE INDEX settlement_line_of ON settlement_line (municipality, kind, organisation, window);

CREATE TABLE feed (
	municipality TEXT NOT NULL,
	scope TEXT NOT NULL,
	kind TEXT NOT NULL,
	item TEXT NOT NULL,
	number BIGINT NOT NULL,
	bytes BLOB NOT NULL,
	PRIMARY KEY (municipality, scope, kind, item)
)
 WITHOUT ROWID;

CREATE INDEX feed_since ON feed (municipality, scope, number, kind, item);

CREATE TABLE feed_position (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	number BIGINT NOT NULL,
	PRIMARY KEY (municipality, node)
)
 WITHOUT ROWID;

CREATE TABLE feed_town (
	municipality TEXT NOT NULL,
	zone TEXT NOT NULL,
	town TEXT NOT NULL,
	posting BIGINT NOT NULL,
	account TEXT DEFAULT '~' NOT NULL,
	PRIMARY KEY (municipality, zone, town)
)
 WITHOUT ROWID;

CREATE TABLE told (
	municipality TEXT NOT NULL,
	town TEXT NOT NULL,
	account TEXT NOT NULL,
	number BIGINT NOT NULL,
	available BIGINT NOT NULL,
	deficit BIGINT NOT NULL,
	expiring BLOB NOT NULL,
	PRIMARY KEY (municipality, town, account, number)
)
 WITHOUT ROWID;

CREATE TABLE told_node (
	municipality TEXT NOT NULL,
	node TEXT NOT NULL,
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	page BIGINT NOT NULL,
	includes BLOB NOT NULL,
	good_until BIGINT,
	PRIMARY KEY (municipality, node, number, at)
)
 WITHOUT ROWID;

CREATE TABLE told_card (
	municipality TEXT NOT NULL,
	card BLOB NOT NULL,
	number BIGINT NOT NULL,
	state TEXT NOT NULL,
	PRIMARY KEY (municipality, card, number)
)
 WITHOUT ROWID;

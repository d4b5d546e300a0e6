CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT strpos($1, $2)';

CREATE TABLE meta (
	name TEXT COLLATE "C" NOT NULL,
	value BYTEA NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE chronicle (
	municipality TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	incarnation BIGINT NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	person TEXT COLLATE "C" NOT NULL,
	bytes BYTEA NOT NULL,
	digest BYTEA NOT NULL,
	PRIMARY KEY (municipality, seq)
);

CREATE TABLE revocation_source (
	municipality TEXT COLLATE "C" NOT NULL,
	source TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality)
);

CREATE TABLE pending (
	municipality TEXT COLLATE "C" NOT NULL,
	id TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	person TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	body BYTEA NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, id)
);

CREATE INDEX pending_waiting ON pending (municipality, at, id) WHERE state='waiting';

CREATE TABLE answered (
	municipality TEXT COLLATE "C" NOT NULL,
	person TEXT COLLATE "C" NOT NULL,
	key TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	asked BYTEA NOT NULL,
	answer BYTEA NOT NULL,
	PRIMARY KEY (municipality, person, key)
);

CREATE INDEX answered_at ON answered (municipality, at);

CREATE TABLE operator (
	municipality TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	role TEXT COLLATE "C" NOT NULL,
	token_digest BYTEA NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, name)
);

CREATE TABLE sign_in (
	municipality TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	password TEXT COLLATE "C" NOT NULL,
	secret BYTEA NOT NULL,
	step BIGINT NOT NULL,
	codes BYTEA NOT NULL,
	joining_token BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	PRIMARY KEY (municipality, name)
);

CREATE TABLE access (
	municipality TEXT COLLATE "C" NOT NULL,
	digest BYTEA NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	label TEXT COLLATE "C" NOT NULL,
	role TEXT COLLATE "C" NOT NULL,
	made_at BIGINT NOT NULL,
	used_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	PRIMARY KEY (municipality, digest)
);

CREATE TABLE municipality (
	municipality TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	point_name TEXT COLLATE "C" NOT NULL,
	account BYTEA NOT NULL,
	calendar BYTEA NOT NULL,
	policy BYTEA NOT NULL,
	posting BIGINT NOT NULL,
	"window" BIGINT NOT NULL,
	feed BIGINT NOT NULL,
	expired_until BIGINT NOT NULL,
	tickets_made BIGINT NOT NULL,
	month BIGINT DEFAULT '0' NOT NULL,
	PRIMARY KEY (municipality)
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE policy (
	municipality TEXT COLLATE "C" NOT NULL,
	digest BYTEA NOT NULL,
	bytes BYTEA NOT NULL,
	PRIMARY KEY (municipality, digest)
);

CREATE TABLE organisation (
	municipality TEXT COLLATE "C" NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	place TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	account BYTEA NOT NULL,
	next_account BYTEA NOT NULL,
	PRIMARY KEY (municipality, organisation)
);

CREATE TABLE acceptance (
	municipality TEXT COLLATE "C" NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, organisation)
);

CREATE INDEX acceptance_of ON acceptance (organisation, municipality);

CREATE TABLE node (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	place TEXT COLLATE "C" NOT NULL,
	zone TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	code_digest BYTEA NOT NULL,
	public BYTEA NOT NULL,
	float_points BIGINT NOT NULL,
	last_seen BIGINT NOT NULL,
	PRIMARY KEY (municipality, node)
);

CREATE TABLE epoch (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	public BYTEA NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	closed_at BIGINT NOT NULL,
	closed_seq BIGINT NOT NULL,
	ended BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, epoch)
);

CREATE TABLE cursor (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	base BIGINT NOT NULL,
	received BIGINT NOT NULL,
	head BYTEA NOT NULL,
	posted BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch)
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX cursor_waiting ON cursor (municipality) WHERE posted<received;

CREATE TABLE handover (
	municipality TEXT COLLATE "C" NOT NULL,
	home TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	PRIMARY KEY (municipality, home, node, epoch, branch, seq)
);

CREATE TABLE inbox (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	posted_then BIGINT NOT NULL,
	body BYTEA NOT NULL,
	head BYTEA NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch, first)
);

CREATE TABLE card_evidence (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	evidence BYTEA NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch, seq)
);

CREATE TABLE record (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	digest BYTEA NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	town TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	tier TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	outcome TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	bearer TEXT COLLATE "C" NOT NULL,
	paid BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	hold BIGINT NOT NULL,
	undone TEXT COLLATE "C" DEFAULT '' NOT NULL,
	PRIMARY KEY (municipality, node, epoch, branch, seq)
);

CREATE INDEX record_of_ticket ON record (account) WHERE kind LIKE 'ticket.%';

CREATE TABLE record_day (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	day BIGINT NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	first BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, day, epoch, branch)
);

CREATE TABLE decision (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	n BIGINT NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	verdict BYTEA NOT NULL,
	PRIMARY KEY (municipality, node, epoch, n)
);

CREATE TABLE balance (
	municipality TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	PRIMARY KEY (municipality, account),
	CONSTRAINT only_these_may_be_negative CHECK (points >= 0 OR account IN ('issuer','treasury','reserve') OR account LIKE 'deficit:%' OR account LIKE 'receivable:%'),
	CONSTRAINT deficit_is_owed CHECK (points <= 0 OR account NOT LIKE 'deficit:%')
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE touched (
	municipality TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	posting BIGINT NOT NULL,
	PRIMARY KEY (municipality, account)
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX touched_since ON touched (municipality, posting, account);

CREATE TABLE transfer (
	municipality TEXT COLLATE "C" NOT NULL,
	month BIGINT NOT NULL,
	source TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	part BIGINT NOT NULL,
	debit TEXT COLLATE "C" NOT NULL,
	credit TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	"window" BIGINT NOT NULL,
	step BIGINT NOT NULL,
	at BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	"of" TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, source, epoch, seq, part, month),
	CONSTRAINT a_transfer_moves_points CHECK (points > 0)
)
 PARTITION BY RANGE (month);

CREATE INDEX transfer_from_wallet ON transfer (municipality, debit, posting) WHERE debit >= 'wallet:' AND debit < 'wallet;';

CREATE INDEX transfer_to_wallet ON transfer (municipality, credit, posting) WHERE credit >= 'wallet:' AND credit < 'wallet;';

CREATE INDEX transfer_for ON transfer (municipality, "of") WHERE "of" <> '';

CREATE TABLE month_over (
	municipality TEXT COLLATE "C" NOT NULL,
	month BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	PRIMARY KEY (municipality, month)
);

CREATE TABLE borne (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	"window" BIGINT NOT NULL,
	points BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, "window")
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE earned (
	municipality TEXT COLLATE "C" NOT NULL,
	"window" BIGINT NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	PRIMARY KEY (municipality, "window", organisation, node)
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE posting (
	municipality TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	tick BIGINT NOT NULL,
	"window" BIGINT NOT NULL,
	cause BYTEA NOT NULL,
	PRIMARY KEY (municipality, number)
);

CREATE INDEX posting_order ON posting (tick);

CREATE TABLE lot_date (
	municipality TEXT COLLATE "C" NOT NULL,
	expires BIGINT NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, expires, account)
);

CREATE TABLE left_then (
	municipality TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	posting BIGINT NOT NULL,
	lots BYTEA NOT NULL,
	PRIMARY KEY (municipality, account)
);

CREATE TABLE hold (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	n BIGINT NOT NULL,
	town TEXT COLLATE "C" NOT NULL,
	purpose TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	request BYTEA NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	tickets BYTEA NOT NULL,
	opened_at BIGINT NOT NULL,
	posting BIGINT NOT NULL,
	PRIMARY KEY (municipality, node, epoch, n)
);

CREATE INDEX hold_open_on ON hold (town, account) WHERE state='open';

CREATE INDEX hold_open_of ON hold (municipality, node) WHERE state='open';

CREATE TABLE ticket (
	municipality TEXT COLLATE "C" NOT NULL,
	number TEXT COLLATE "C" NOT NULL,
	programme TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	valid_from TEXT COLLATE "C" NOT NULL,
	valid_until TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	held_by TEXT COLLATE "C" NOT NULL,
	issued_by TEXT COLLATE "C" NOT NULL,
	redeemed_by TEXT COLLATE "C" NOT NULL,
	voided_by TEXT COLLATE "C" DEFAULT '' NOT NULL,
	lost BIGINT DEFAULT '0' NOT NULL,
	name BYTEA NOT NULL,
	signed BYTEA NOT NULL,
	PRIMARY KEY (municipality, number)
);

CREATE INDEX ticket_of ON ticket (municipality, account) WHERE state IN ('issued', 'voiding');

CREATE INDEX ticket_days ON ticket (municipality, state, valid_until);

CREATE TABLE reprint (
	municipality TEXT COLLATE "C" NOT NULL,
	number TEXT COLLATE "C" NOT NULL,
	record TEXT COLLATE "C" NOT NULL,
	town TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (municipality, number, record)
);

CREATE INDEX reprint_of ON reprint (number);

CREATE TABLE second_redemption (
	municipality TEXT COLLATE "C" NOT NULL,
	number TEXT COLLATE "C" NOT NULL,
	record TEXT COLLATE "C" NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	posting BIGINT NOT NULL,
	standing BIGINT NOT NULL,
	PRIMARY KEY (municipality, number, record)
);

CREATE TABLE incident (
	municipality TEXT COLLATE "C" NOT NULL,
	id BIGINT NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	epoch TEXT COLLATE "C" NOT NULL,
	branch TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	town TEXT COLLATE "C" NOT NULL,
	points BIGINT NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	bearer TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	other TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	decision TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, id)
);

CREATE INDEX incident_stopped ON incident (municipality) WHERE kind='posting' AND state='open';

CREATE UNIQUE INDEX incident_of ON incident (municipality, node, epoch, branch, seq, kind);

CREATE INDEX incident_may_heal ON incident (municipality) WHERE state='open' AND reason IN ('bad-signature', 'no-evidence', 'issue-not-posted');

CREATE TABLE decided (
	municipality TEXT COLLATE "C" NOT NULL,
	incident BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	PRIMARY KEY (municipality, incident, seq)
);

CREATE TABLE programme (
	municipality TEXT COLLATE "C" NOT NULL,
	programme TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	department TEXT COLLATE "C" NOT NULL,
	budget BIGINT NOT NULL,
	granted BIGINT NOT NULL,
	give_until TEXT COLLATE "C" NOT NULL,
	issue_until TEXT COLLATE "C" NOT NULL,
	use_until TEXT COLLATE "C" NOT NULL,
	clear_until TEXT COLLATE "C" NOT NULL,
	zones BYTEA NOT NULL,
	PRIMARY KEY (municipality, programme)
);

CREATE TABLE settlement_window (
	municipality TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	"window" BIGINT NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	closed_at BIGINT NOT NULL,
	closed_by TEXT COLLATE "C" NOT NULL,
	reviewed_by TEXT COLLATE "C" NOT NULL,
	approved_by TEXT COLLATE "C" NOT NULL,
	pay_on TEXT COLLATE "C" NOT NULL,
	file BYTEA NOT NULL,
	file_digest TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, kind, "window")
);

CREATE TABLE settlement_line (
	municipality TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	"window" BIGINT NOT NULL,
	organisation TEXT COLLATE "C" NOT NULL,
	line BIGINT NOT NULL,
	points BIGINT NOT NULL,
	netted BIGINT NOT NULL,
	paid BIGINT NOT NULL,
	outcome TEXT COLLATE "C" NOT NULL,
	why TEXT COLLATE "C" NOT NULL,
	account BYTEA NOT NULL,
	PRIMARY KEY (municipality, kind, "window", organisation)
);

CREATE INDEX settlement_line_of ON settlement_line (municipality, kind, organisation, "window");

CREATE TABLE feed (
	municipality TEXT COLLATE "C" NOT NULL,
	scope TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	item TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	bytes BYTEA NOT NULL,
	PRIMARY KEY (municipality, scope, kind, item)
);

CREATE INDEX feed_since ON feed (municipality, scope, number, kind, item);

CREATE TABLE feed_position (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	PRIMARY KEY (municipality, node)
);

CREATE TABLE feed_town (
	municipality TEXT COLLATE "C" NOT NULL,
	zone TEXT COLLATE "C" NOT NULL,
	town TEXT COLLATE "C" NOT NULL,
	posting BIGINT NOT NULL,
	account TEXT COLLATE "C" DEFAULT '~' NOT NULL,
	PRIMARY KEY (municipality, zone, town)
);

CREATE TABLE told (
	municipality TEXT COLLATE "C" NOT NULL,
	town TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	available BIGINT NOT NULL,
	deficit BIGINT NOT NULL,
	expiring BYTEA NOT NULL,
	PRIMARY KEY (municipality, town, account, number)
);

CREATE TABLE told_node (
	municipality TEXT COLLATE "C" NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	number BIGINT NOT NULL,
	at BIGINT NOT NULL,
	page BIGINT NOT NULL,
	includes BYTEA NOT NULL,
	good_until BIGINT,
	PRIMARY KEY (municipality, node, number, at)
);

CREATE TABLE told_card (
	municipality TEXT COLLATE "C" NOT NULL,
	card BYTEA NOT NULL,
	number BIGINT NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (municipality, card, number)
);

CREATE FUNCTION chronicle_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a chronicle stays as it was written'; END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON chronicle
FOR EACH STATEMENT EXECUTE FUNCTION chronicle_stays();

CREATE FUNCTION posting_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a posting stays as it was written'; END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
FOR EACH STATEMENT EXECUTE FUNCTION posting_stays();

CREATE FUNCTION transfer_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a transfer stays as it was written'; END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays();

CREATE TABLE transfer_rest PARTITION OF transfer DEFAULT;

CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer_rest FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays();

CREATE FUNCTION make_month(month integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout='1s' AS
$$ BEGIN
IF to_regclass('transfer_' || month) IS NULL
AND NOT EXISTS (SELECT FROM transfer_rest r WHERE r.month=make_month.month) THEN
EXECUTE format('CREATE TABLE transfer_%s PARTITION OF transfer FOR VALUES FROM (%s) TO (%s)',
month, month, month + 1);
EXECUTE format('CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer_%s'
' FOR EACH STATEMENT EXECUTE FUNCTION transfer_stays()', month);
END IF; END $$;
REVOKE EXECUTE ON FUNCTION make_month(integer) FROM PUBLIC;

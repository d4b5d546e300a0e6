CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT strpos($1, $2)';

CREATE TABLE meta (
	name TEXT COLLATE "C" NOT NULL,
	value BYTEA NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE chronicle (
	seq BIGSERIAL NOT NULL,
	bytes BYTEA NOT NULL,
	digest BYTEA NOT NULL,
	PRIMARY KEY (seq)
);

CREATE TABLE member (
	mykey_id TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	generated BOOLEAN NOT NULL,
	changed BIGINT NOT NULL,
	PRIMARY KEY (mykey_id)
);

CREATE INDEX member_changed ON member (changed);

CREATE TABLE card_mark (
	digest BYTEA NOT NULL,
	issuer_key_id BYTEA NOT NULL,
	mark BYTEA NOT NULL,
	revoked TEXT COLLATE "C" NOT NULL,
	changed BIGINT NOT NULL,
	PRIMARY KEY (digest)
);

CREATE INDEX cards_by_mark ON card_mark (issuer_key_id, mark);

CREATE INDEX card_changed ON card_mark (changed);

CREATE TABLE revocation_list (
	issuer_key_id BYTEA NOT NULL,
	number BIGINT NOT NULL,
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	digest BYTEA NOT NULL,
	entries BIGINT NOT NULL,
	marks BYTEA NOT NULL,
	taken_at BIGINT NOT NULL,
	PRIMARY KEY (issuer_key_id)
);

CREATE TABLE listed (
	issuer_key_id BYTEA NOT NULL,
	mark BYTEA NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (issuer_key_id, mark)
);

CREATE TABLE join_request (
	digest BYTEA NOT NULL,
	said TEXT COLLATE "C" NOT NULL,
	state TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	node TEXT COLLATE "C" NOT NULL,
	algorithm TEXT COLLATE "C" NOT NULL,
	public_key BYTEA NOT NULL,
	issuer_key_id BYTEA NOT NULL,
	PRIMARY KEY (digest)
);

CREATE TABLE consent (
	mykey_id TEXT COLLATE "C" NOT NULL,
	what TEXT COLLATE "C" NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (mykey_id, what)
);

CREATE TABLE account (
	mykey_id TEXT COLLATE "C" NOT NULL,
	municipality TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (mykey_id, municipality),
	CONSTRAINT an_account_is_one_persons UNIQUE (municipality, account)
);

CREATE TABLE step (
	mykey_id TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	what TEXT COLLATE "C" NOT NULL,
	why TEXT COLLATE "C" NOT NULL,
	person TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (mykey_id, seq),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
);

CREATE TABLE former_id (
	former TEXT COLLATE "C" NOT NULL,
	mykey_id TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (former),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
);

CREATE TABLE card_key (
	digest BYTEA NOT NULL,
	mykey_id TEXT COLLATE "C" NOT NULL,
	algorithm TEXT COLLATE "C" NOT NULL,
	public_key BYTEA NOT NULL,
	issuer_key_id BYTEA NOT NULL,
	replaced BOOLEAN NOT NULL,
	PRIMARY KEY (digest),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
);

CREATE INDEX cards_of_member ON card_key (mykey_id);

CREATE TABLE former_card (
	digest BYTEA NOT NULL,
	mykey_id TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (digest, mykey_id),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
);

CREATE INDEX former_cards_of_member ON former_card (mykey_id);

CREATE TABLE service_number (
	organisation TEXT COLLATE "C" NOT NULL,
	mykey_id TEXT COLLATE "C" NOT NULL,
	number TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (organisation, mykey_id),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id),
	CONSTRAINT a_number_is_one_members UNIQUE (organisation, number)
);

CREATE INDEX numbers_of_member ON service_number (mykey_id);

CREATE FUNCTION chronicle_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a chronicle stays as it was written'; END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON chronicle
FOR EACH STATEMENT EXECUTE FUNCTION chronicle_stays();

CREATE TABLE meta (
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID;

CREATE TABLE chronicle (
	seq BIGINT NOT NULL,
	bytes BLOB NOT NULL,
	digest BLOB NOT NULL,
	PRIMARY KEY (seq)
)
 WITHOUT ROWID;

CREATE TABLE member (
	mykey_id TEXT NOT NULL,
	state TEXT NOT NULL,
	generated BOOLEAN NOT NULL,
	changed BIGINT NOT NULL,
	PRIMARY KEY (mykey_id)
)
 WITHOUT ROWID;

CREATE INDEX member_changed ON member (changed);

CREATE TABLE card_mark (
	digest BLOB NOT NULL,
	issuer_key_id BLOB NOT NULL,
	mark BLOB NOT NULL,
	revoked TEXT NOT NULL,
	changed BIGINT NOT NULL,
	PRIMARY KEY (digest)
)
 WITHOUT ROWID;

CREATE INDEX cards_by_mark ON card_mark (issuer_key_id, mark);

CREATE INDEX card_changed ON card_mark (changed);

CREATE TABLE revocation_list (
	issuer_key_id BLOB NOT NULL,
	number BIGINT NOT NULL,
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	digest BLOB NOT NULL,
	entries BIGINT NOT NULL,
	marks BLOB NOT NULL,
	taken_at BIGINT NOT NULL,
	PRIMARY KEY (issuer_key_id)
)
 WITHOUT ROWID;

CREATE TABLE listed (
	issuer_key_id BLOB NOT NULL,
	mark BLOB NOT NULL,
	kind TEXT NOT NULL,
	PRIMARY KEY (issuer_key_id, mark)
)
 WITHOUT ROWID;

CREATE TABLE join_request (
	digest BLOB NOT NULL,
	said TEXT NOT NULL,
	state TEXT NOT NULL,
	at BIGINT NOT NULL,
	node TEXT NOT NULL,
	algorithm TEXT NOT NULL,
	public_key BLOB NOT NULL,
	issuer_key_id BLOB NOT NULL,
	PRIMARY KEY (digest)
)
 WITHOUT ROWID;

CREATE TABLE consent (
	mykey_id TEXT NOT NULL,
	what TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (mykey_id, what)
)
 WITHOUT ROWID;

CREATE TABLE account (
	mykey_id TEXT NOT NULL,
	municipality TEXT NOT NULL,
	account TEXT NOT NULL,
	PRIMARY KEY (mykey_id, municipality),
	CONSTRAINT an_account_is_one_persons UNIQUE (municipality, account)
)
 WITHOUT ROWID;

CREATE TABLE step (
	mykey_id TEXT NOT NULL,
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	what TEXT NOT NULL,
	why TEXT NOT NULL,
	person TEXT NOT NULL,
	PRIMARY KEY (mykey_id, seq),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
)
 WITHOUT ROWID;

CREATE TABLE former_id (
	former TEXT NOT NULL,
	mykey_id TEXT NOT NULL,
	PRIMARY KEY (former),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
)
 WITHOUT ROWID;

CREATE TABLE card_key (
	digest BLOB NOT NULL,
	mykey_id TEXT NOT NULL,
	algorithm TEXT NOT NULL,
	public_key BLOB NOT NULL,
	issuer_key_id BLOB NOT NULL,
	replaced BOOLEAN NOT NULL,
	PRIMARY KEY (digest),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
)
 WITHOUT ROWID;

CREATE INDEX cards_of_member ON card_key (mykey_id);

CREATE TABLE former_card (
	digest BLOB NOT NULL,
	mykey_id TEXT NOT NULL,
	PRIMARY KEY (digest, mykey_id),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id)
)
 WITHOUT ROWID;

CREATE INDEX former_cards_of_member ON former_card (mykey_id);

CREATE TABLE service_number (
	organisation TEXT NOT NULL,
	mykey_id TEXT NOT NULL,
	number TEXT NOT NULL,
	PRIMARY KEY (organisation, mykey_id),
	FOREIGN KEY(mykey_id) REFERENCES member (mykey_id),
	CONSTRAINT a_number_is_one_members UNIQUE (organisation, number)
)
 WITHOUT ROWID;

CREATE INDEX numbers_of_member ON service_number (mykey_id);

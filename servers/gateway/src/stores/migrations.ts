import type { Migration } from '@ao-ts/server-kit';

export const migrations: readonly Migration[] = [
  `
  CREATE TABLE eras (
    height INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    interval_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE blobs (
    name TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    height INTEGER NOT NULL,
    header BLOB NOT NULL,
    parent TEXT,
    blob TEXT,
    "offset" INTEGER NOT NULL,
    size INTEGER NOT NULL,
    weave_end INTEGER
  ) STRICT;
  CREATE INDEX records_by_height ON records (height);
  CREATE INDEX records_by_weave_end ON records (weave_end) WHERE weave_end IS NOT NULL;

  -- Which records have a term. A term is a digest of a field and its value: an owner, a recipient, a tag.
  CREATE TABLE postings (
    term BLOB NOT NULL,
    seq INTEGER NOT NULL REFERENCES records (seq),
    PRIMARY KEY (term, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chunks (
    upload TEXT NOT NULL,
    start INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (upload, start)
  ) STRICT, WITHOUT ROWID;

  -- Winston does not fit in 64 bits.
  CREATE TABLE wallets (
    address TEXT PRIMARY KEY,
    balance TEXT NOT NULL DEFAULT '0',
    last_transaction TEXT NOT NULL DEFAULT ''
  ) STRICT;
  `,
];

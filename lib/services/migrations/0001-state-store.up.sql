-- The tables of the state store, in a schema of their own. Bytes are stored as they are given: they are compressed already.
-- All that belongs to a run goes with its row, but for its lease: its tokens grow also over a run that is made again.

create table populace.runs (
  run text collate "C" primary key,
  id text not null,
  scenario text not null,
  url text not null,
  seed int8 not null,
  params json not null,
  schema text not null,
  code text not null,
  node text not null,
  arch text not null,
  created text not null,
  fork_run text,
  fork_tick int8,
  check ((fork_run is null) = (fork_tick is null))
);

create table populace.checkpoints (
  run text collate "C" not null references populace.runs on delete cascade,
  tick int8 not null,
  base int8,
  hash text not null,
  bytes int8 not null,
  created text not null,
  primary key (run, tick)
);

create table populace.checkpoint_parts (
  run text collate "C" not null,
  tick int8 not null,
  part int4 not null,
  bytes bytea not null,
  primary key (run, tick, part),
  foreign key (run, tick) references populace.checkpoints on delete cascade
);

create table populace.journal (
  run text collate "C" not null references populace.runs on delete cascade,
  number int8 not null,
  tick int8 not null,
  bytes bytea not null,
  primary key (run, number)
);

create table populace.blobs (
  run text collate "C" not null references populace.runs on delete cascade,
  key text collate "C" not null,
  bytes int8 not null,
  primary key (run, key)
);

create table populace.blob_parts (
  run text collate "C" not null,
  key text collate "C" not null,
  part int4 not null,
  bytes bytea not null,
  primary key (run, key, part),
  foreign key (run, key) references populace.blobs on delete cascade
);

-- Who writes a run. `token` grows with each taking, `written` with each write under a token, so that a writer whose
-- connection went in the middle of a commit can find out whether it was done.
create table populace.leases (
  run text collate "C" primary key,
  token int8 not null,
  written int8 not null,
  holder text not null,
  taken timestamptz not null
);

alter table populace.checkpoint_parts alter column bytes set storage external;
alter table populace.blob_parts alter column bytes set storage external;
alter table populace.journal alter column bytes set storage external;

-- Takes the state store away with all that is in it.

drop table populace.leases;
drop table populace.blob_parts;
drop table populace.blobs;
drop table populace.journal;
drop table populace.checkpoint_parts;
drop table populace.checkpoints;
drop table populace.runs;

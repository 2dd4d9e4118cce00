-- How often somebody may: until when (microseconds) what they have done weighs, by a digest of what and who.

CREATE TABLE bucket (key TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;

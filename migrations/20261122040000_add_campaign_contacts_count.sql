-- phase: expand
-- How many contacts a campaign has, so that lists of campaigns do not count them one campaign at a time.
-- Null until contacts are loaded by a version that knows the column: then the newest contact_import tells.
ALTER TABLE campaign ADD COLUMN contacts_count integer;

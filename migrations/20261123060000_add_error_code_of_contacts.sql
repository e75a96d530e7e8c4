-- phase: expand
-- The carrier's code of the text that failed, where the last one a contact was sent did. Null for failures from before.
ALTER TABLE campaign_contact ADD COLUMN error_code integer;

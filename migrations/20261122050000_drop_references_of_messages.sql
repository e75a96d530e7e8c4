-- phase: expand
-- Each text locked its sender's and its assignment's row to prove that they exist, which the statement that writes it
-- has just read. Neither users nor assignments are ever deleted.
ALTER TABLE message DROP CONSTRAINT message_user_id_fkey;
ALTER TABLE message DROP CONSTRAINT message_assignment_id_fkey;

-- phase: expand
-- Each reference costs every text a look at the other row and a lock on it. The statement that writes a text takes
-- sender, assignment and canned response from rows it reads itself, and none of these is ever deleted. The
-- reference to the contact stays: uploads delete contacts.
ALTER TABLE message
    DROP CONSTRAINT message_user_id_fkey,
    DROP CONSTRAINT message_assignment_id_fkey,
    DROP CONSTRAINT message_canned_response_id_fkey;

-- phase: expand
-- How many contacts a campaign has, by assignment and status, without walking over them: contact_tally and contact_change
-- together always say what a walk would say, in every snapshot. Every statement that changes contacts adds rows to
-- contact_change and waits for nobody; contact_tally takes them in once a minute.
-- Neither references campaign or assignment: each change would lock their rows.
CREATE TABLE contact_tally (
    campaign_id    integer NOT NULL,
    -- Null: in nobody's hands.
    assignment_id  integer,
    total          integer NOT NULL,
    needs_message  integer NOT NULL,
    needs_response integer NOT NULL,
    convo          integer NOT NULL,
    closed         integer NOT NULL,
    opted_out      integer NOT NULL,
    sent           integer NOT NULL,
    received       integer NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX contact_tally_key ON contact_tally (campaign_id, coalesce(assignment_id, 0));

-- By how much they rose, or fell.
CREATE TABLE contact_change (
    campaign_id    integer NOT NULL,
    id             bigint  GENERATED ALWAYS AS IDENTITY,
    assignment_id  integer,
    total          integer NOT NULL,
    needs_message  integer NOT NULL,
    needs_response integer NOT NULL,
    convo          integer NOT NULL,
    closed         integer NOT NULL,
    opted_out      integer NOT NULL,
    sent           integer NOT NULL,
    received       integer NOT NULL,
    PRIMARY KEY (campaign_id, id)
);
-- Today's campaign is not yesterday's: without statistics the planner takes the index and not what was so an hour ago.
ALTER TABLE contact_change ALTER COLUMN campaign_id SET STATISTICS 0;

-- Contacts that came (1) or went (-1).
CREATE FUNCTION record_counted_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contact_change (campaign_id, assignment_id, total, needs_message, needs_response, convo, closed,
                                opted_out, sent, received)
    SELECT campaign_id, assignment_id, sum(way), sum(way * (message_status = 'needsMessage')::integer),
           sum(way * (message_status = 'needsResponse')::integer), sum(way * (message_status = 'convo')::integer),
           sum(way * (message_status = 'closed')::integer), sum(way * is_opted_out::integer),
           sum(way * messages_sent), sum(way * messages_received)
    FROM (SELECT TG_ARGV[0]::integer AS way, campaign_id, assignment_id, message_status, is_opted_out, messages_sent,
                 messages_received
          FROM counted_contacts) AS contact
    GROUP BY campaign_id, assignment_id;
    RETURN NULL;
END $$;

-- Contacts that are no longer what they were.
CREATE FUNCTION record_changed_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contact_change (campaign_id, assignment_id, total, needs_message, needs_response, convo, closed,
                                opted_out, sent, received)
    SELECT * FROM (
        SELECT campaign_id, assignment_id, sum(way) AS total,
               sum(way * (message_status = 'needsMessage')::integer) AS needs_message,
               sum(way * (message_status = 'needsResponse')::integer) AS needs_response,
               sum(way * (message_status = 'convo')::integer) AS convo,
               sum(way * (message_status = 'closed')::integer) AS closed,
               sum(way * is_opted_out::integer) AS opted_out,
               sum(way * messages_sent) AS sent, sum(way * messages_received) AS received
        FROM (SELECT 1 AS way, campaign_id, assignment_id, message_status, is_opted_out, messages_sent, messages_received
              FROM new_contacts
              UNION ALL
              SELECT -1, campaign_id, assignment_id, message_status, is_opted_out, messages_sent, messages_received
              FROM old_contacts) AS contact
        GROUP BY campaign_id, assignment_id) AS change
    WHERE (total, needs_message, needs_response, convo, closed, opted_out, sent, received) <> (0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END $$;

CREATE TRIGGER contacts_came AFTER INSERT ON campaign_contact
    REFERENCING NEW TABLE AS counted_contacts FOR EACH STATEMENT EXECUTE FUNCTION record_counted_contacts('1');
CREATE TRIGGER contacts_went AFTER DELETE ON campaign_contact
    REFERENCING OLD TABLE AS counted_contacts FOR EACH STATEMENT EXECUTE FUNCTION record_counted_contacts('-1');
CREATE TRIGGER contacts_changed AFTER UPDATE ON campaign_contact
    REFERENCING OLD TABLE AS old_contacts NEW TABLE AS new_contacts
    FOR EACH STATEMENT EXECUTE FUNCTION record_changed_contacts();

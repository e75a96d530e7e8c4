-- phase: backfill
-- What was there before changes were recorded: what a walk counts in this snapshot, less what is recorded in it.
INSERT INTO contact_tally (campaign_id, assignment_id, total, needs_message, needs_response, convo, closed, opted_out,
                           sent, received)
SELECT campaign_id, assignment_id, sum(total), sum(needs_message), sum(needs_response), sum(convo), sum(closed),
       sum(opted_out), sum(sent), sum(received)
FROM (SELECT campaign_id, assignment_id, count(*) AS total,
             count(*) FILTER (WHERE message_status = 'needsMessage') AS needs_message,
             count(*) FILTER (WHERE message_status = 'needsResponse') AS needs_response,
             count(*) FILTER (WHERE message_status = 'convo') AS convo,
             count(*) FILTER (WHERE message_status = 'closed') AS closed,
             count(*) FILTER (WHERE is_opted_out) AS opted_out,
             sum(messages_sent) AS sent, sum(messages_received) AS received
      FROM campaign_contact GROUP BY campaign_id, assignment_id
      UNION ALL
      SELECT campaign_id, assignment_id, -total, -needs_message, -needs_response, -convo, -closed, -opted_out, -sent,
             -received
      FROM contact_change) AS counted
GROUP BY campaign_id, assignment_id;

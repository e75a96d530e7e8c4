-- no-transaction
-- phase: expand
-- Where only some zones may be texted, a batch is taken from those alone: in the morning of the first ones it would walk
-- over everybody who comes before them in the pool.
CREATE INDEX CONCURRENTLY campaign_contact_pool_by_zone
    ON campaign_contact (campaign_id, coalesce(timezone, ''), created_at, id)
    WHERE assignment_id IS NULL AND message_status = 'needsMessage' AND NOT is_opted_out;

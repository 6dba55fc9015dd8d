-- name: InsertBankTransfer :exec
-- Records what is known of a transfer, once per key.
INSERT INTO bank_transfers (key, intent_id, payment_id, kind, amount, refund_id, reference, actor_id)
VALUES (@key, @intent_id, @payment_id, @kind, @amount, sqlc.narg('refund_id'), @reference, sqlc.narg('actor_id'))
ON CONFLICT (key) DO NOTHING;

-- name: ListBankTransfers :many
-- All that is known of one transfer, with the payment's currency and order.
SELECT bank_transfers.key, bank_transfers.kind, bank_transfers.amount, bank_transfers.refund_id, bank_transfers.payment_id, payments.order_id, payments.currency
FROM bank_transfers
JOIN payments ON payments.id = bank_transfers.payment_id
WHERE bank_transfers.intent_id = @intent_id
ORDER BY bank_transfers.created_at, bank_transfers.key;

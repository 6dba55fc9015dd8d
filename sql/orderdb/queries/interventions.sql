-- name: InsertIntervention :exec
INSERT INTO interventions (id, order_id, kind, reason, actor, at)
VALUES (@id, @order_id, @kind, @reason, @actor, @at);

-- name: GetIntervention :one
SELECT * FROM interventions WHERE id = @id;

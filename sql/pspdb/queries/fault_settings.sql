-- name: GetFaultSettings :one
SELECT settings FROM fault_settings WHERE id = 1;

-- name: UpdateFaultSettings :exec
INSERT INTO fault_settings (settings) VALUES (@settings)
ON CONFLICT (id) DO UPDATE SET settings = excluded.settings;

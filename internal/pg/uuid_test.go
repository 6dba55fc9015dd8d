package pg

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
)

func TestUUIDsTravelAsTheirBytes(t *testing.T) {
	types := pgtype.NewMap()
	registerUUID(types)
	id, other := uuid.New(), uuid.New()

	for _, format := range []int16{pgtype.BinaryFormatCode, pgtype.TextFormatCode} {
		sent, err := types.Encode(pgtype.UUIDOID, format, id, nil)
		require.NoError(t, err)
		var received uuid.UUID
		require.NoError(t, types.Scan(pgtype.UUIDOID, format, sent, &received))
		require.Equal(t, id, received)

		sent, err = types.Encode(pgtype.UUIDOID, format, &id, nil)
		require.NoError(t, err)
		var perhaps *uuid.UUID
		require.NoError(t, types.Scan(pgtype.UUIDOID, format, sent, &perhaps))
		require.Equal(t, &id, perhaps)
		require.NoError(t, types.Scan(pgtype.UUIDOID, format, nil, &perhaps))
		require.Nil(t, perhaps)

		sent, err = types.Encode(pgtype.UUIDArrayOID, format, []uuid.UUID{id, other}, nil)
		require.NoError(t, err)
		var both []uuid.UUID
		require.NoError(t, types.Scan(pgtype.UUIDArrayOID, format, sent, &both))
		require.Equal(t, []uuid.UUID{id, other}, both)
	}

	sent, err := types.Encode(pgtype.UUIDOID, pgtype.BinaryFormatCode, (*uuid.UUID)(nil), nil)
	require.NoError(t, err)
	require.Nil(t, sent)
}

func BenchmarkEncodeUUID(b *testing.B) {
	for name, register := range map[string]bool{"plain": false, "registered": true} {
		b.Run(name, func(b *testing.B) {
			types := pgtype.NewMap()
			if register {
				registerUUID(types)
			}
			ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
			for b.Loop() {
				_, _ = types.Encode(pgtype.UUIDOID, pgtype.BinaryFormatCode, ids[0], nil)
				_, _ = types.Encode(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, ids, nil)
			}
		})
	}
}

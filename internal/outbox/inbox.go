package outbox

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"kassa/internal/cloudevent"
	"kassa/internal/correlation"
)

var _ = uuid.Nil
var _ pgx.Tx
var _ cloudevent.Event
var _ = correlation.ID

type inbox struct {
	consumer *Consumer
	log      *zap.Logger
	failed   map[string]time.Time
}

func (i *inbox) take(ctx context.Context, batch []*delivery) {}

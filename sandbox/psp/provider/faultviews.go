package provider

import (
	"context"
	"io"
	"net/http"

	"go.uber.org/zap"

	"kassa/internal/pg"
)

// showFaults is GET /_sandbox/faults: what is set, how often it fired, and what could be.
func (s *Server) showFaults(w http.ResponseWriter, _ *http.Request) {
	s.sendJSON(w, http.StatusOK, map[string]any{"settings": s.faults.current(), "kinds": faultKinds, "operations": operations})
}

// putFaults is PUT /_sandbox/faults with FaultSettings, and DELETE, which ends them. They survive
// a restart.
func (s *Server) putFaults(w http.ResponseWriter, r *http.Request) {
	body := []byte("{}")
	if r.Method == http.MethodPut {
		var err error
		if body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit)); err != nil {
			s.sendJSON(w, http.StatusBadRequest, problem(err.Error()))
			return
		}
	}
	settings, err := decodeFaults(body)
	if err != nil {
		s.sendJSON(w, http.StatusBadRequest, problem(err.Error()))
		return
	}
	if err := s.queries.UpdateFaultSettings(r.Context(), body); err != nil {
		s.unreadable(w, err)
		return
	}
	_ = s.faults.set(settings) // decodeFaults has checked them
	s.log.Info("faults changed", zap.ByteString("settings", body))
	s.sendJSON(w, http.StatusOK, s.faults.current())
}

// recallFaults sets the faults that were set before a restart.
func (s *Server) recallFaults(ctx context.Context) {
	body, err := s.queries.GetFaultSettings(ctx)
	if pg.NotFound(err) {
		return
	}
	var settings FaultSettings
	if err == nil {
		settings, err = decodeFaults(body)
	}
	if err == nil {
		err = s.faults.set(settings)
	}
	if err != nil {
		s.log.Warn("recall faults", zap.Error(err))
	}
}

// forgetAllKeys is DELETE /_sandbox/idempotency_keys: as if a day had passed.
func (s *Server) forgetAllKeys(w http.ResponseWriter, r *http.Request) {
	forgotten, err := s.forgetKeys(r.Context(), 0)
	if err != nil {
		s.unreadable(w, err)
		return
	}
	s.sendJSON(w, http.StatusOK, map[string]int64{"forgotten": forgotten})
}

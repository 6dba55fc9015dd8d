package inbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// largestText is the largest SMS or push message that is taken, in bytes.
const largestText = 64 << 10

// takeSMS is POST /sms, in the form of Kassa's own adapter: a shop's SMS gateway. A number that
// ends in 0000 is refused for good, one that ends in 5555 is busy.
func (in *Inbox) takeSMS(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestText))
	var sms struct {
		ID   string `json:"id"`
		From string `json:"from"`
		To   string `json:"to"`
		Text string `json:"text"`
	}
	if err != nil || json.Unmarshal(raw, &sms) != nil || sms.To == "" || sms.Text == "" {
		sendJSON(w, http.StatusBadRequest, map[string]string{"error": "send id, from, to and text as JSON"})
		return
	}
	switch {
	case strings.HasSuffix(sms.To, "0000"):
		sendJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "no such number"})
	case strings.HasSuffix(sms.To, "5555"):
		sendJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "busy"})
	default:
		in.add(Message{Channel: channelSMS, From: sms.From, To: []string{sms.To}, MessageID: sms.ID, Text: sms.Text, Raw: string(raw), Headers: r.Header.Clone()})
		sendJSON(w, http.StatusAccepted, map[string]string{"id": sms.ID})
	}
}

package inbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// mostBrowsers are remembered; older ones are gone, as browsers are.
const mostBrowsers = 1000

// browser is one that somebody has allowed the shop's notifications in. Its push service is here too.
type browser struct {
	id     string
	key    *ecdh.PrivateKey
	secret []byte
}

// openBrowser is POST /browsers: the subscription of a new browser, as its PushManager gives it.
func (in *Inbox) openBrowser(w http.ResponseWriter, r *http.Request) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		sendJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	b := browser{id: uuid.NewString(), key: key, secret: make([]byte, 16)}
	_, _ = rand.Read(b.secret) // never fails
	in.mu.Lock()
	in.browsers = append(in.browsers, b)
	if len(in.browsers) > mostBrowsers {
		in.browsers = slices.Delete(in.browsers, 0, 1)
	}
	in.mu.Unlock()
	sendJSON(w, http.StatusCreated, map[string]any{
		"endpoint": "http://" + r.Host + "/push/" + b.id,
		"keys": map[string]string{
			"p256dh": base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
			"auth":   base64.RawURLEncoding.EncodeToString(b.secret),
		},
	})
}

// closeBrowser is DELETE /push/{id}: its user has withdrawn the permission.
func (in *Inbox) closeBrowser(w http.ResponseWriter, r *http.Request) {
	in.mu.Lock()
	in.browsers = slices.DeleteFunc(in.browsers, func(b browser) bool { return b.id == r.PathValue("id") })
	in.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// takePush is POST /push/{id}: the push service of a browser (RFC 8030). One that is not there is gone.
func (in *Inbox) takePush(w http.ResponseWriter, r *http.Request) {
	in.mu.RLock()
	at := slices.IndexFunc(in.browsers, func(b browser) bool { return b.id == r.PathValue("id") })
	var b browser
	if at >= 0 {
		b = in.browsers[at]
	}
	in.mu.RUnlock()
	if at < 0 {
		sendJSON(w, http.StatusGone, map[string]string{"error": "the browser has unsubscribed"})
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") || r.Header.Get("TTL") == "" || r.Header.Get("Content-Encoding") != "aes128gcm" {
		sendJSON(w, http.StatusUnauthorized, map[string]string{"error": "send a VAPID signature, a TTL and a body in aes128gcm"})
		return
	}
	sealed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestText))
	if err != nil {
		sendJSON(w, http.StatusRequestEntityTooLarge, map[string]string{"error": err.Error()})
		return
	}
	text, err := b.open(sealed)
	if err != nil {
		sendJSON(w, http.StatusBadRequest, map[string]string{"error": "the browser cannot decrypt it: " + err.Error()})
		return
	}
	m := Message{Channel: channelPush, To: []string{b.id}, Raw: string(text), Text: string(text), Headers: r.Header.Clone()}
	var shown struct{ ID, Title, Body string }
	if json.Unmarshal(text, &shown) == nil && shown.Title != "" {
		m.MessageID, m.Subject, m.Text = shown.ID, shown.Title, shown.Body
	}
	in.add(m)
	w.WriteHeader(http.StatusCreated)
}

var errNotForUs = errors.New("not encrypted for this browser")

// open decrypts a message of one record (RFC 8188, RFC 8291).
func (b browser) open(sealed []byte) ([]byte, error) {
	const salt, size = 16, 4
	if len(sealed) < salt+size+1 || len(sealed) < salt+size+1+int(sealed[salt+size]) {
		return nil, errNotForUs
	}
	length := int(sealed[salt+size])
	from, record := sealed[salt+size+1:salt+size+1+length], sealed[salt+size+1+length:]
	if int(binary.BigEndian.Uint32(sealed[salt:])) < len(record) {
		return nil, errNotForUs
	}
	sender, err := ecdh.P256().NewPublicKey(from)
	if err != nil {
		return nil, err
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(from)
	derive := func(secret, salt []byte, info string, length int) []byte {
		if err == nil {
			secret, err = hkdf.Key(sha256.New, secret, salt, info, length)
		}
		return secret
	}
	input := derive(shared, b.secret, info, 32)
	key := derive(input, sealed[:salt], "Content-Encoding: aes128gcm\x00", 16)
	nonce := derive(input, sealed[:salt], "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := seal.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, errNotForUs
	}
	end := len(strings.TrimRight(string(padded), "\x00"))
	if end == 0 || padded[end-1] != 2 {
		return nil, errNotForUs
	}
	return padded[:end-1], nil
}

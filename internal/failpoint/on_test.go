//go:build chaos

package failpoint

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kassa/internal/fault"
)

// told sets rules for one test and collects where the process would have died.
func told(t *testing.T, text string) *[]string {
	t.Helper()
	require.NoError(t, Set(text))
	deaths, before := &[]string{}, die
	die = func(at string) { *deaths = append(*deaths, at) }
	t.Cleanup(func() { die = before; require.NoError(t, Set("")) })
	return deaths
}

func TestARuleStrikesWhereItSays(t *testing.T) {
	deaths := told(t, "after:ReserveStock=crash, before:*=crash*1")
	ctx := Enter(t.Context(), "ReserveStock")
	require.NoError(t, Hit(ctx, Commit))
	require.NoError(t, Hit(Enter(t.Context(), "ReleaseStock"), After))
	require.Empty(t, *deaths)
	require.NoError(t, Hit(ctx, After))
	require.NoError(t, Hit(ctx, Before))
	require.NoError(t, Hit(ctx, Before))
	require.Equal(t, []string{"after:ReserveStock", "before:ReserveStock"}, *deaths, "the second one only once")
}

func TestARateIsOneOfManyTimes(t *testing.T) {
	deaths := told(t, "commit:*=crash@0.1")
	for range 1000 {
		require.NoError(t, Hit(t.Context(), Commit))
	}
	require.InDelta(t, 100, len(*deaths), 50)
}

func TestADelayEndsWithItsCaller(t *testing.T) {
	told(t, "before:*=delay:300ms,after:*=error")
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		require.NoError(t, Hit(t.Context(), Before))
		require.Equal(t, 300*time.Millisecond, time.Since(begin))
		require.ErrorIs(t, Hit(t.Context(), After), fault.ErrUnavailable)
	})
}

func TestTheProviderAnswersAndNobodyHearsIt(t *testing.T) {
	asked := 0
	provider := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(provider.Close)
	told(t, "provider:VoidPayment=error*1")
	client := &http.Client{Transport: Transport(http.DefaultTransport)}
	for _, hears := range []bool{false, true} {
		request, err := http.NewRequestWithContext(Enter(t.Context(), "VoidPayment"), http.MethodPost, provider.URL, http.NoBody)
		require.NoError(t, err)
		response, err := client.Do(request)
		if hears {
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
		} else {
			require.Error(t, err)
		}
	}
	require.Equal(t, 2, asked)
}

func TestRulesAreToldOverHTTP(t *testing.T) {
	told(t, "")
	handler := Handler(http.NotFoundHandler())
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
		return answer
	}
	require.Equal(t, http.StatusNotFound, ask(http.MethodGet, "/elsewhere", "").Code)
	require.Contains(t, ask(http.MethodPut, Path, "task:*=crash@0.5").Body.String(), `"rule":"task:*=crash@0.5","hits":0`)
	require.Contains(t, ask(http.MethodGet, Path, "").Body.String(), "task:*")
	require.JSONEq(t, `{"rules":[]}`, ask(http.MethodDelete, Path, "").Body.String())
	for _, bad := range []string{"crash", "nowhere:*=crash", "task:=crash", "task:*=explode", "task:*=crash@2", "task:*=crash*0", "task:*=delay:soon", "task:*=crash:1s"} {
		require.Equal(t, http.StatusUnprocessableEntity, ask(http.MethodPut, Path, bad).Code, bad)
	}
}

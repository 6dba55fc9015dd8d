package user_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"kassa/activities/user"
	"kassa/internal/id"
)

func TestAProfileIsChangedInPartsOrReplaced(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	phone := "+4930123456"
	got, err := s.UpdateUser(t.Context(), user.UpdateUserInput{ID: ada.ID, IfVersion: 1, UserChange: user.UserChange{Phone: &phone}})
	require.NoError(t, err)
	require.Equal(t, "Ada", got.Name)
	require.Equal(t, phone, got.Phone)

	got, err = s.ReplaceUser(t.Context(), user.ReplaceUserInput{ID: ada.ID, IfVersion: 2, Profile: user.Profile{Name: " Ada L. "}})
	require.NoError(t, err)
	require.Equal(t, "Ada L.", got.Name)
	require.Empty(t, got.Phone, "what is left out is gone")
	require.Equal(t, int64(3), got.Version)
	_, err = s.ReplaceUser(t.Context(), user.ReplaceUserInput{ID: ada.ID, IfVersion: 2, Profile: user.Profile{Name: "Ada"}})
	require.ErrorIs(t, err, user.ErrUserStale)
	for _, bad := range []string{"030123456", "+49 30 123456", "+0123456789", "+1234567890123456", "phone"} {
		_, err = s.UpdateUser(t.Context(), user.UpdateUserInput{ID: ada.ID, IfVersion: 3, UserChange: user.UserChange{Phone: &bad}})
		require.ErrorIs(t, err, user.ErrPhoneInvalid, bad)
	}
}

func TestUsersAreListedNewestFirst(t *testing.T) {
	s := open(t, user.Limits{})
	names := []string{"ada", "ben", "cy", "dora", "eve"}
	made := map[string]user.User{}
	for _, name := range names {
		made[name] = s.register(t, name+"@example.com")
		s.at = s.at.Add(time.Hour)
	}
	require.NoError(t, user.EnsureAdmin(t.Context(), s.Service, "cy@example.com", "a long secret"))
	require.NoError(t, s.verify(t, s.mailed(t, "user.verification_requested").Token))
	list := func(in user.ListUsersInput) (found []string, more bool) {
		page, err := s.ListUsers(t.Context(), in)
		require.NoError(t, err)
		for _, u := range page.Users {
			name, _, _ := strings.Cut(u.Email, "@")
			found = append(found, name)
		}
		return found, page.More
	}
	yes, no := true, false
	late, early := made["dora"].CreatedAt, made["ben"].CreatedAt
	after := made["dora"].ID
	for name, c := range map[string]struct {
		in   user.ListUsersInput
		want []string
		more bool
	}{
		"all":                  {user.ListUsersInput{}, []string{"eve", "dora", "cy", "ben", "ada"}, false},
		"a page":               {user.ListUsersInput{Limit: 2}, []string{"eve", "dora"}, true},
		"the next":             {user.ListUsersInput{Limit: 2, Before: &after}, []string{"cy", "ben"}, true},
		"admins":               {user.ListUsersInput{Role: user.RoleAdmin}, []string{"cy"}, false},
		"by address":           {user.ListUsersInput{Email: "BEN@example.com"}, []string{"ben"}, false},
		"by no address":        {user.ListUsersInput{Email: "ben"}, nil, false},
		"by a word":            {user.ListUsersInput{Words: "DO"}, []string{"dora"}, false},
		"by a pattern":         {user.ListUsersInput{Words: "d%"}, nil, false},
		"verified":             {user.ListUsersInput{Verified: &yes}, []string{"eve"}, false},
		"not verified":         {user.ListUsersInput{Verified: &no, Limit: 1}, []string{"dora"}, true},
		"by time of register":  {user.ListUsersInput{CreatedFrom: &early, CreatedTo: &late}, []string{"cy", "ben"}, false},
		"by everything at all": {user.ListUsersInput{Role: user.RoleCustomer, Words: "example", CreatedFrom: &late}, []string{"eve", "dora"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			found, more := list(c.in)
			require.Equal(t, c.want, found)
			require.Equal(t, c.more, more)
		})
	}
}

func TestARoleIsChangedAndItsTokensWithdrawn(t *testing.T) {
	s := open(t, user.Limits{})
	require.NoError(t, user.EnsureAdmin(t.Context(), s.Service, "root@example.com", "a long secret"))
	ada := s.register(t, "ada@example.com")
	tokens := s.login(t, "ada@example.com")
	got, err := s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: ada.ID, IfVersion: 1, Role: user.RoleSupport})
	require.NoError(t, err)
	require.Equal(t, user.RoleSupport, got.Role)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM outbox WHERE type = 'user.sessions_revoked' AND event->'data'->>'session_id' IS NULL"))
	_, err = s.refresh(t, tokens.RefreshToken)
	require.NoError(t, err, "the session goes on")

	got, err = s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: ada.ID, IfVersion: 2, Role: user.RoleSupport})
	require.NoError(t, err)
	require.Equal(t, int64(2), got.Version, "nothing to do")
	_, err = s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: ada.ID, IfVersion: 1, Role: user.RoleAdmin})
	require.ErrorIs(t, err, user.ErrUserStale)
	_, err = s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: id.New(), IfVersion: 1, Role: user.RoleAdmin})
	require.ErrorIs(t, err, user.ErrUserNotFound)
}

func TestTheLastAdminStays(t *testing.T) {
	s := open(t, user.Limits{})
	var admins []user.User
	for _, email := range []string{"root@example.com", "toor@example.com"} {
		made, err := s.CreateAdmin(t.Context(), user.CreateAdminInput{Email: email, Password: "a long secret", Name: "Root"})
		require.NoError(t, err)
		admins = append(admins, made.User)
	}
	errs := make([]error, 2)
	var group sync.WaitGroup
	for i, admin := range admins { // both leave at once
		group.Go(func() {
			_, errs[i] = s.ChangeRole(t.Context(), user.ChangeRoleInput{ID: admin.ID, IfVersion: 1, Role: user.RoleCustomer})
		})
	}
	group.Wait()
	require.ErrorIs(t, errors.Join(errs...), user.ErrLastAdmin)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM users WHERE role = 'admin'"))
	left := admins[0]
	if errs[0] == nil {
		left = admins[1]
	}
	_, err := s.CheckErasable(t.Context(), user.EraseUserInput{UserID: left.ID})
	require.ErrorIs(t, err, user.ErrLastAdmin)
}

func TestPreferences(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	read, err := s.ReadPreferences(t.Context(), user.ReadPreferencesInput{UserID: ada.ID})
	require.NoError(t, err)
	require.Equal(t, user.Preferences{Version: 1, Wishes: user.Wishes{Locale: "en", Currency: "EUR", Notifications: user.Channels{Email: true}}}, read)

	wishes := user.Wishes{Locale: "de", Currency: "CHF", Notifications: user.Channels{SMS: true, Push: true}}
	set, err := s.ReplacePreferences(t.Context(), user.ReplacePreferencesInput{UserID: ada.ID, IfVersion: 1, Wishes: wishes})
	require.NoError(t, err)
	require.Equal(t, user.Preferences{Version: 2, Wishes: wishes}, set)
	_, err = s.ReplacePreferences(t.Context(), user.ReplacePreferencesInput{UserID: ada.ID, IfVersion: 1, Wishes: wishes})
	require.ErrorIs(t, err, user.ErrPreferencesStale)
	wishes.Currency = "XXX"
	_, err = s.ReplacePreferences(t.Context(), user.ReplacePreferencesInput{UserID: ada.ID, IfVersion: 2, Wishes: wishes})
	require.ErrorIs(t, err, user.ErrCurrencyUnknown)
	_, err = s.ReadPreferences(t.Context(), user.ReadPreferencesInput{UserID: id.New()})
	require.ErrorIs(t, err, user.ErrUserNotFound)

	contacts, err := s.ReadContacts(t.Context(), user.ReadContactsInput{UserIDs: []uuid.UUID{ada.ID, id.New()}})
	require.NoError(t, err)
	require.Equal(t, []user.Contact{{
		UserID: ada.ID, Email: "ada@example.com", Name: "Ada", Locale: "de", Currency: "CHF", Channels: user.Channels{SMS: true, Push: true},
	}}, contacts.Contacts)
}

func home(label string, first bool) user.NewAddress {
	return user.NewAddress{Label: label, Default: first, Name: "Ada", Line1: "Torstraße 1", City: "Berlin", PostalCode: "10119", Country: "DE"}
}

func TestOneAddressIsTheDefault(t *testing.T) {
	s := open(t, user.Limits{})
	ada, ben := s.register(t, "ada@example.com"), s.register(t, "ben@example.com")
	add := func(who uuid.UUID, a user.NewAddress) user.Address {
		made, err := s.AddAddress(t.Context(), user.AddAddressInput{UserID: who, NewAddress: a})
		require.NoError(t, err)
		return made
	}
	labels := func() (all []string) {
		found, err := s.ListAddresses(t.Context(), user.ListAddressesInput{UserID: ada.ID})
		require.NoError(t, err)
		for i, a := range found.Addresses {
			require.Equal(t, i == 0, a.Default)
			all = append(all, a.Label)
		}
		return all
	}
	first := add(ada.ID, home("Home", false))
	want := user.Address{ID: first.ID, NewAddress: home("Home", true), Version: 1, CreatedAt: s.at, UpdatedAt: s.at}
	require.Equal(t, want, first, "the first is the default, whatever was asked for")
	second := add(ada.ID, home("Work", false))
	third := add(ada.ID, home("Boat", true))
	add(ben.ID, home("Ben's", true))
	require.Equal(t, []string{"Boat", "Home", "Work"}, labels())

	changed, err := s.ReplaceAddress(t.Context(), user.ReplaceAddressInput{
		AddressInput: user.AddressInput{UserID: ada.ID, AddressID: second.ID}, IfVersion: 1, NewAddress: home("Office", true),
	})
	require.NoError(t, err)
	require.Equal(t, int64(2), changed.Version)
	require.Equal(t, []string{"Office", "Home", "Boat"}, labels())
	stays, err := s.ReplaceAddress(t.Context(), user.ReplaceAddressInput{
		AddressInput: user.AddressInput{UserID: ada.ID, AddressID: second.ID}, IfVersion: 2, NewAddress: home("Office", false),
	})
	require.NoError(t, err)
	require.True(t, stays.Default, "until another becomes it")
	_, err = s.ReplaceAddress(t.Context(), user.ReplaceAddressInput{
		AddressInput: user.AddressInput{UserID: ada.ID, AddressID: second.ID}, IfVersion: 2, NewAddress: home("Office", false),
	})
	require.Equal(t, user.ErrAddressStale.With("current_version", int64(3)), errors.Unwrap(err))

	_, err = s.DeleteAddress(t.Context(), user.AddressInput{UserID: ada.ID, AddressID: second.ID})
	require.NoError(t, err)
	require.Equal(t, []string{"Home", "Boat"}, labels(), "the oldest follows")
	for _, foreign := range []user.AddressInput{{UserID: ben.ID, AddressID: third.ID}, {UserID: ada.ID, AddressID: second.ID}} {
		_, err = s.ReadAddress(t.Context(), foreign)
		require.ErrorIs(t, err, user.ErrAddressNotFound)
		_, err = s.DeleteAddress(t.Context(), foreign)
		require.ErrorIs(t, err, user.ErrAddressNotFound)
		_, err = s.ReplaceAddress(t.Context(), user.ReplaceAddressInput{AddressInput: foreign, IfVersion: 1, NewAddress: home("Mine", true)})
		require.ErrorIs(t, err, user.ErrAddressNotFound)
	}
	for _, bad := range []func(*user.NewAddress){
		func(a *user.NewAddress) { a.Country = "de" },
		func(a *user.NewAddress) { a.Name = "  " },
		func(a *user.NewAddress) { a.City = "" },
		func(a *user.NewAddress) { a.Line1 = "a\nb" },
		func(a *user.NewAddress) { a.PostalCode = strings.Repeat("1", 21) },
	} {
		a := home("Bad", false)
		bad(&a)
		_, err = s.AddAddress(t.Context(), user.AddAddressInput{UserID: ada.ID, NewAddress: a})
		require.ErrorIs(t, err, user.ErrAddressInvalid)
	}
}

func TestAnAccountHasABoundedNumberOfAddresses(t *testing.T) {
	s := open(t, user.Limits{})
	ada := s.register(t, "ada@example.com")
	errs := make([]error, 60)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for k := i; k < len(errs); k += 4 {
				_, errs[k] = s.AddAddress(t.Context(), user.AddAddressInput{UserID: ada.ID, NewAddress: home("", true)})
			}
		})
	}
	group.Wait()
	require.ErrorIs(t, errors.Join(errs...), user.ErrTooManyAddresses)
	require.Equal(t, 50, s.count(t, "SELECT count(*) FROM addresses"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM addresses WHERE is_default"))
}

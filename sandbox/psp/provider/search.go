package provider

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"kassa/sql/pspdb"
)

// clause is one condition of a search: metadata['name']:'value' or status:'value'.
var clause = regexp.MustCompile(`^\s*(?:metadata\[["']([^"']+)["']\]|(status))\s*:\s*(?:"([^"]*)"|'([^']*)')\s*$`)

// searchIntents is GET /v1/payment_intents/search with the part of the query language that finds
// intents by metadata and status (docs.stripe.com/search). Like the original it may be behind;
// see search_lag_ms.
func (s *Server) searchIntents(ctx context.Context, c *call) (any, *refusal) {
	limit := c.params.limit()
	args := pspdb.ListPaymentIntentsByMetadataParams{VisibleUntil: time.Now().Add(-s.faults.searchLag()), MaxRows: limit + 1}
	wanted := map[string]string{}
	for part := range strings.SplitSeq(c.params.required("query"), " AND ") {
		match := clause.FindStringSubmatch(part)
		if match == nil {
			c.params.refuse(invalid("", "query", "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` "+
				"to query for metadata or key:\"value\" to query for other fields."))
			break
		}
		value := match[3] + match[4]
		if match[2] != "" {
			args.Status = value
			continue
		}
		wanted[match[1]] = value
	}
	expand := c.params.expand("data.latest_charge")
	if page := c.params.text("page"); page != "" {
		before, err := strconv.ParseInt(page, 10, 64)
		if err != nil {
			c.params.refuse(invalid("", "page", "Invalid page."))
		}
		args.Before = before
	}
	if c.params.refused != nil {
		return nil, c.params.refused
	}
	args.OrderID = wanted["order_id"]
	args.Metadata, _ = json.Marshal(wanted)
	rows, err := s.queries.ListPaymentIntentsByMetadata(ctx, args)
	if err != nil {
		return nil, s.broken("search payments", err)
	}
	page := listJSON[*intentJSON]{Object: "search_result", URL: "/v1/payment_intents/search", HasMore: len(rows) > int(limit)}
	rows = rows[:min(len(rows), int(limit))]
	if page.HasMore {
		next := strconv.FormatInt(rows[len(rows)-1].Seq, 10)
		page.NextPage = &next
	}
	page.Data, err = s.show(ctx, rows, len(expand) > 0)
	if err != nil {
		return nil, s.broken("read charges", err)
	}
	return page, nil
}

package productapi

import (
	"bufio"
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"kassa/activities/product"
	"kassa/internal/fault"
	"kassa/internal/httpapi"
	"kassa/internal/logging"
)

const (
	ndjson    = "application/x-ndjson"
	maxImport = 1 << 20  // bytes of one import
	maxLine   = 64 << 10 // bytes of one product
)

const exampleLine = `{"category":"mugs","name":"Mug","status":"active","variants":[{"sku":"MUG-RED","options":[{"name":"colour","value":"red"}],"weight_grams":450,"prices":[{"amount":1899,"currency":"EUR"}]}]}` + "\n"

// ImportReport says what became of each line.
type ImportReport struct {
	Created   int64        `json:"created" doc:"Products that were made." example:"1"`
	Updated   int64        `json:"updated" doc:"Products that were changed." example:"0"`
	Unchanged int64        `json:"unchanged" doc:"Products that were like this already." example:"0"`
	Failed    int64        `json:"failed" doc:"Lines without effect." example:"0"`
	Lines     []ImportLine `json:"lines" nullable:"false" doc:"One per line, in their order; empty lines are passed over."`
}

// ImportLine says what became of one line.
type ImportLine struct {
	Line int64 `json:"line" doc:"Number of the line, from 1." example:"1"`
	product.ImportedLine
	Code    string `json:"code,omitempty" doc:"Why it failed, as the problems of other operations say it; absent otherwise."`
	Message string `json:"message,omitempty" doc:"The same in words."`
	Errors  any    `json:"errors,omitempty" doc:"Where the line is wrong: pointer, code and message of each place."`
}

type importInput struct {
	RawBody []byte `contentType:"application/x-ndjson" doc:"One product per line."`
}

type importOutput struct{ Body ImportReport }

func transfer(a *httpapi.API, svc *product.Service) {
	httpapi.Register(a, httpapi.Operation{
		ID: "import-products", Method: http.MethodPost, Path: "/v1/products/import", Tag: tag, MaxBody: maxImport,
		Summary: "Import products",
		Description: "Takes a product per line, at most 1,000 lines and 1 MiB: a larger catalogue goes in parts. A product is known by its SKUs. " +
			"A line whose SKUs nobody has makes a product; another one makes the product what the line says, as PUT does, but leaves its status when it names none. " +
			"Each line is all or nothing, and one that fails keeps no other from its effect. The same import once more changes nothing.",
		Access: httpapi.Admin, Key: httpapi.OptionalKey,
		Errors: []*fault.Error{product.ErrBadImport},
		ResponseExample: map[string]any{
			"created": 1, "updated": 0, "unchanged": 0, "failed": 0,
			"lines": []any{map[string]any{"line": 1, "product_id": "01993c5e-7b1a-7c3e-9d52-0a4f6b8c1d2e", "outcome": "created"}},
		},
	}, func(ctx context.Context, in *importInput) (*importOutput, error) {
		report, lines, err := readCatalogue(in.RawBody)
		if err != nil {
			return nil, err
		}
		imported, err := svc.ImportProducts(ctx, product.ImportProductsInput{Lines: lines})
		if err != nil {
			return nil, err
		}
		report.complete(imported)
		return &importOutput{Body: report}, nil
	})
	showLine(a)

	httpapi.Register(a, httpapi.Operation{
		ID: "export-products", Method: http.MethodGet, Path: "/v1/products/export", Tag: tag,
		Summary: "Export the catalogue",
		Description: "Streams all products, whatever their status, oldest first, as an import takes them. " +
			"A product that is changed meanwhile is exported as it was or as it is.",
		Access: httpapi.Admin, Content: map[string]any{ndjson: exampleLine},
	}, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		first, err := svc.ExportProducts(ctx, product.ExportProductsInput{})
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(h huma.Context) { export(h.Context(), h, svc, first) }}, nil
	})
}

// showLine gives the body of an import its example: it is no JSON document.
func showLine(a *httpapi.API) {
	for _, item := range a.OpenAPI().Paths {
		if item.Post != nil && item.Post.OperationID == "import-products" {
			item.Post.RequestBody.Content[ndjson].Example = exampleLine
		}
	}
}

// readCatalogue reads the lines. One that cannot be read has its outcome
// already; the others have none yet.
func readCatalogue(body []byte) (report ImportReport, lines []product.CatalogueLine, err error) {
	number := int64(0)
	for line := range bytes.Lines(body) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(line) > maxLine || len(report.Lines) == product.MaxImport {
			return report, nil, product.ErrBadImport
		}
		var read product.CatalogueLine
		result := ImportLine{Line: number}
		if wrong := httpapi.ReadLine(line, &read); len(wrong) > 0 {
			result.fail(product.ErrBadLine.With("errors", wrong))
		} else {
			lines = append(lines, read)
		}
		report.Lines = append(report.Lines, result)
	}
	if len(report.Lines) == 0 {
		return report, nil, product.ErrBadImport
	}
	return report, lines, nil
}

// complete fills in what became of the lines that could be read, and counts.
func (r *ImportReport) complete(imported product.Imported) {
	next := 0
	for i := range r.Lines {
		line := &r.Lines[i]
		if line.Outcome == "" {
			line.ImportedLine = imported.Lines[next]
			next++
			if line.Fault != nil {
				line.fail(line.Fault)
			}
		}
		switch line.Outcome {
		case product.Created:
			r.Created++
		case product.Updated:
			r.Updated++
		case product.Unchanged:
			r.Unchanged++
		default:
			r.Failed++
		}
	}
}

func (l *ImportLine) fail(why *fault.Error) {
	l.Outcome, l.Code, l.Message, l.Errors = product.Failed, why.Reason, why.Message, why.Details["errors"]
}

// export writes the catalogue from its first part on. It is too late for a
// problem when a part cannot be read: the connection is cut, so that nobody takes
// what came for all.
func export(ctx context.Context, h huma.Context, svc *product.Service, part product.Exported) {
	h.SetHeader("Content-Type", ndjson)
	h.SetStatus(http.StatusOK)
	out := bufio.NewWriterSize(h.BodyWriter(), 64<<10)
	for len(part.Lines) > 0 {
		for _, line := range part.Lines {
			if err := httpapi.WriteLine(out, line); err != nil {
				return // the client has gone
			}
		}
		var err error
		if part, err = svc.ExportProducts(ctx, product.ExportProductsInput{After: *part.Lines[len(part.Lines)-1].ID}); err != nil {
			logging.From(ctx).Warn("export ended early", zap.Error(err))
			panic(http.ErrAbortHandler)
		}
	}
	_ = out.Flush()
}

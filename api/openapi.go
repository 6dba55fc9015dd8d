// Package api holds the description of Kassa's REST API: one OpenAPI 3.1
// document for all services, as the gateway serves it. The services' own
// surfaces are in the packages below; the document is put together from them
// and compared with openapi.yaml by this package's test.
package api

import _ "embed" // for the document

// Document is the OpenAPI document, in YAML.
//
//go:embed openapi.yaml
var Document []byte

// Package analyticsapi is the REST surface of the analytics service.
package analyticsapi

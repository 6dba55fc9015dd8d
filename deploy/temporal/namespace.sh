#!/bin/sh
# Makes the namespace and the search attributes of Kassa's workflows; a repeat
# changes nothing. TEMPORAL_ADDRESS says where the server is.
set -eu
namespace=kassa

tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 120 ]; then
    echo "no Temporal server answers at $TEMPORAL_ADDRESS" >&2
    exit 1
  fi
  sleep 0.5
done

# The command line names a new namespace by its flag only, not by TEMPORAL_NAMESPACE.
temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$namespace" --retention 168h \
    --description 'Checkout and everything after it.'

# attribute NAME TYPE; the server knows a new namespace after a moment.
attribute() {
  tries=0
  until said=$(temporal operator search-attribute create --namespace "$namespace" --name "$1" --type "$2" 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ]; then
      echo "$said" >&2
      exit 1
    fi
    sleep 1
  done
}
attribute CustomerId Keyword
attribute OrderTotal Int
attribute Currency Keyword
attribute OrderState Keyword

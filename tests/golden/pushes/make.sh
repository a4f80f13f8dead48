#!/usr/bin/env bash
# Prints vectors.json: pushed messages, encrypted and signed with the openssl command line and nothing of ours.
#
#     tests/golden/pushes/make.sh > tests/golden/pushes/vectors.json
set -euo pipefail

STAMP=1600000000
NONCE=4464221
TOKEN=pushToken123
RANDOM_BYTES=0123456789abcdef
BAIDU_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
TAIL=14242323
KS_COMPONENT=ks000000000000000001

hex() { od -An -v -tx1 | tr -d ' \n'; }
sha1() { openssl dgst -sha1 -r | cut -d ' ' -f 1; }
escaped() { sed 's/"/\\"/g'; }
repeated() { printf "%0.s$1" $(seq 1 "$2"); }  # a text, and how often

key_hex() {  # the text of a key, without or with its padding
  local text=${1%%=*}
  while (( ${#text} % 4 )); do text+='='; done
  printf '%s' "$text" | openssl base64 -d -A | hex
}

encrypted() {  # stdin: the padded bytes; $1: the key in hexadecimal digits
  openssl enc "-aes-$(( ${#1} * 4 ))-cbc" -nopad -K "$1" -iv "${1:0:32}" | openssl base64 -A
}

message() {  # a status change, filled up to some length with the reason
  local head="{\"appId\":15263713,\"tpAppId\":$TAIL,\"eventTime\":\"2019-01-14 12:45:10\",\"event\":\"APP_FORCE_OFFLINE\",\"reason\":\""
  printf '%s' "$head$(repeated x $(( $1 - ${#head} - 2 )))\"}"
}

padding() { printf "$(repeated "\\$(printf 'x%02x' "$1")" "$1")"; }

baidu() {  # $1: the pad value
  local length=$(( 256 - $1 - 20 - ${#TAIL} )) text encrypted signature body
  text=$(message "$length")
  encrypted=$({
    printf '%s' "$RANDOM_BYTES"
    printf "\\x00\\x00\\x00\\x$(printf '%02x' "$length")"
    printf '%s%s' "$text" "$TAIL"
    padding "$1"
  } | encrypted "$(key_hex "$BAIDU_KEY")")
  signature=$(printf '%s\n' "$TOKEN" "$STAMP" "$NONCE" "$encrypted" | LC_ALL=C sort | tr -d '\n' | sha1)
  body="{\"Nonce\":\"$NONCE\",\"TimeStamp\":\"$STAMP\",\"Encrypt\":\"$encrypted\",\"MsgSignature\":\"$signature\"}"
  vector baidu "Baidu, pad $1" "$BAIDU_KEY" "{}" "$text" "$body"
}

kuaishou() {  # $1: the pad value; $2: the text of the key
  local text encrypted signature body key
  text=$(message $(( 256 - $1 )))
  key=$(key_hex "$2")
  encrypted=$({ printf '%s' "$text"; padding "$1"; } | encrypted "$key")
  body="{\"encryptedMsg\":\"$encrypted\",\"msgId\":\"00000000-0000-4000-8000-0000000000$1\",\"componentAppId\":\"$KS_COMPONENT\",\"timestamp\":${STAMP}123}"
  signature=$(printf '%s%s' "$body" "$TOKEN" | sha1)
  vector kuaishou "Kuaishou, pad $1, AES-$(( ${#key} * 4 ))" "$2" "{\"kwaisign\":\"$signature\"}" "$text" "$body"
}

vector() {
  printf '%s' "$separator"
  printf '{"provider":"%s","name":"%s","token":"%s","key":"%s","now":%s,"headers":%s,"message":"%s","body":"%s"}' \
    "$1" "$2" "$TOKEN" "$3" "$STAMP" "$4" "$(printf '%s' "$5" | escaped)" "$(printf '%s' "$6" | escaped)"
  separator=$',\n'
}

separator=$'[\n'
for pad in 1 16 17 31 32; do baidu "$pad"; done
for pad in 1 16; do kuaishou "$pad" "$BAIDU_KEY"; done
kuaishou 17 "$BAIDU_KEY"
kuaishou 31 QUJDREVGR0hJSktMTU5PUFFSU1RVVldY
kuaishou 32 QUJDREVGR0hJSktMTU5PUA==
printf '\n]\n'

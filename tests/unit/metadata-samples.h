/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A document of each type with every member that is read, well formed and signed by nobody, to be
 * spoilt by tests. In their text ' stands for ", and KEYID for sample_keyid.
 */
#pragma once

#include <jansson.h>

#include "catalog/key.h"
#include "catalog/metadata.h"

#define SAMPLE_HASH "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
/* The public key of RFC 8032 7.1 test 1, and its keyid. */
#define SAMPLE_KEY                                                                                 \
        "{'keytype':'ed25519','scheme':'ed25519','keyval':{'public':"                              \
        "'d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'}}"

extern const char *const sample_documents[_METADATA_TYPE_MAX];
extern char sample_keyid[KEYID_SIZE];

/* A set-up function: computes sample_keyid. */
int sample_make_keyid(void **state);

char *sample_expand(const char *text);
json_t *sample_json(const char *text);

/* metadata_parse() of a copy. */
int sample_parse(MetadataType type, const char *bytes, size_t n_bytes, Metadata **ret_metadata,
                 Fault *fault);
int sample_parse_json(MetadataType type, const json_t *json, Metadata **ret_metadata, Fault *fault);

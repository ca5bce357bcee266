/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/metadata-samples.h"

#include <string.h>

#include "base/json.h"
#include "tests/unit/test.h"

#define COMMON "'spec_version':'1.0.31','version':7,'expires':'2027-01-15T08:00:00Z'"
#define ROLE   "{'keyids':['KEYID'],'threshold':1}"
#define SIGNED(body)                                                                               \
        "{'signatures':[{'keyid':'KEYID','sig':'00'},{'keyid':'other','sig':''}],"                 \
        "'signed':{" body "," COMMON "}}"

const char *const sample_documents[_METADATA_TYPE_MAX] = {
        [METADATA_ROOT] = SIGNED("'_type':'root','consistent_snapshot':true,"
                                 "'keys':{'KEYID':" SAMPLE_KEY "},"
                                 "'roles':{'root':" ROLE ",'timestamp':" ROLE ",'snapshot':" ROLE
                                 ",'targets':" ROLE ",'mirrors':{}}"),
        [METADATA_TIMESTAMP] =
                SIGNED("'_type':'timestamp','x-discfw-signed':'2027-01-01T00:00:00Z',"
                       "'meta':{'snapshot.json':{'version':5,'length':100,"
                       "'hashes':{'sha256':'" SAMPLE_HASH "'}}}"),
        [METADATA_SNAPSHOT] = SIGNED("'_type':'snapshot','meta':{'targets.json':{'version':5},"
                                     "'maker.json':{'version':9223372036854775807,'length':0}}"),
        [METADATA_TARGETS] = SIGNED(
                "'_type':'targets','targets':{'a/b':{'length':3,'hashes':{'sha256':'" SAMPLE_HASH
                "','md99':'?'},'custom':{'discfw':{}}}},"
                "'delegations':{'keys':{'KEYID':" SAMPLE_KEY "},'roles':["
                "{'name':'maker','keyids':['KEYID'],'threshold':1,'terminating':false,"
                "'paths':['a/*']},"
                "{'name':'hashed','keyids':[],'threshold':1,'terminating':true,"
                "'path_hash_prefixes':['ab','C']}]}"),
};

char sample_keyid[KEYID_SIZE];

/* ' for ", and KEYID for the keyid. */
char *sample_expand(const char *text) {
        char *expanded = malloc(strlen(text) * KEYID_SIZE + 1), *p = expanded;

        assert_non_null(expanded);
        while (*text)
                if (strncmp(text, "KEYID", 5) == 0) {
                        p = stpcpy(p, sample_keyid);
                        text += 5;
                } else {
                        *p++ = *text == '\'' ? '"' : *text;
                        text++;
                }
        *p = '\0';
        return expanded;
}

json_t *sample_json(const char *text) {
        _cleanup_free_ char *expanded = sample_expand(text);
        json_t *json = json_loads(expanded, JSON_DECODE_ANY, NULL);

        if (!json)
                fail_msg("%s", expanded);
        return json;
}

int sample_make_keyid(void **state) {
        _cleanup_json_ json_t *key = sample_json(SAMPLE_KEY);

        (void)state;
        return key_id(key, sample_keyid);
}

int sample_parse(MetadataType type, const char *bytes, size_t n_bytes, Metadata **ret_metadata,
                 Fault *fault) {
        uint8_t *copy = malloc(n_bytes + 1);

        assert_non_null(copy);
        memcpy(copy, bytes, n_bytes);
        return metadata_parse(type, metadata_type_name(type), copy, n_bytes, ret_metadata, fault);
}

int sample_parse_json(MetadataType type, const json_t *json, Metadata **ret_metadata,
                      Fault *fault) {
        _cleanup_free_ char *text = json_dumps(json, JSON_ENCODE_ANY);

        assert_non_null(text);
        return sample_parse(type, text, strlen(text), ret_metadata, fault);
}

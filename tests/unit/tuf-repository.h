/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TUF repository and a client's store, both in memory, for tests of the client.
 *
 * repository_new() has version 1 of root, timestamp, snapshot and targets, each signed by one ed25519
 * key, valid for thirty days from REPOSITORY_NOW, and the client has root 1. What is to be wrong, a
 * test makes wrong: bodies are JSON that may be changed before they are published, and files that
 * are served may be replaced. Failures of the simulator itself end the test.
 */
#pragma once

#include <jansson.h>
#include <openssl/evp.h>

#include "catalog/tuf.h"

#define REPOSITORY_NOW 1800000000 /* 2027-01-15T08:00:00Z */
#define DAY            (24 * 60 * 60)

typedef struct Repository Repository;

Repository *repository_new(void);
Repository *repository_free(Repository *repository);
DEFINE_CLEANUP(Repository *, repository_free)

/* What the role's next version will say, but for "version" and, of snapshot and timestamp, "meta" of
 * what is published. Borrowed. */
json_t *repository_body(Repository *repository, const char *role);
void repository_set_expiry(Repository *repository, const char *role, int64_t expires);
/* The next version that is published will be VERSION. */
void repository_set_version(Repository *repository, const char *role, int64_t version);

/* Makes the next version, signs it with the role's signers, serves it, and enters it into what names
 * it. Several roles, NULL-terminated, in that order. */
void repository_publish(Repository *repository, const char *role);
void repository_publish_all(Repository *repository, ...) __attribute__((__sentinel__));
/* A file that names others states their length and hashes from now on. */
void repository_use_hashes(Repository *repository);

/* Keys. The repository owns the pair. DELEGATOR is "root" or a targets role. */
EVP_PKEY *repository_new_key(Repository *repository, int scheme);
void repository_trust(Repository *repository, const char *delegator, const char *role,
                      EVP_PKEY *pair);
void repository_trust_object(Repository *repository, const char *delegator, const char *role,
                             const json_t *object, const char *keyid);
void repository_distrust_all(Repository *repository, const char *delegator, const char *role);
void repository_set_threshold(Repository *repository, const char *delegator, const char *role,
                              json_t *threshold);
void repository_add_signer(Repository *repository, const char *role, EVP_PKEY *pair,
                           const char *keyid);
void repository_clear_signers(Repository *repository, const char *role);
/* The last three in one: new keys for a top-level role. */
void repository_rotate(Repository *repository, const char *role);
/* A signature that is none, under KEYID, beside the others. */
void repository_add_junk(Repository *repository, const char *role, const char *keyid);

/* DELEGATOR gives PATTERN (and PATTERN2, or NULL) to ROLE, which is made if it is not there, with a
 * key of its own that this delegator trusts. Returns the delegation, to be changed. */
json_t *repository_delegate(Repository *repository, const char *delegator, const char *role,
                            const char *pattern, const char *pattern2, bool terminating);
void repository_add_target(Repository *repository, const char *role, const char *path,
                           const char *content);

/* What the mirror serves. repository_served() is the newest file of the name. */
void repository_serve(Repository *repository, const char *file, const void *bytes, size_t n_bytes);
void repository_unserve(Repository *repository, const char *file);
const char *repository_served(Repository *repository, const char *file);

/* The client. Its store lasts over refreshes. Requests are noted, with a blank between them. */
void repository_client(Repository *repository, const TufOptions *options, Tuf **ret_tuf);
int repository_refresh(Repository *repository, int64_t now, Fault *fault);
void repository_io(Repository *repository, TufIo *ret_io);
const char *repository_requests(const Repository *repository);
void repository_forget_requests(Repository *repository);
/* 0 if the role is not stored. */
int64_t repository_stored(const Repository *repository, const char *role);
void repository_put_stored(Repository *repository, const char *role, const char *text);
/* The N-th call of store() from now on fails, as when the daemon is killed in it. */
void repository_fail_store(Repository *repository, unsigned n);

/* What tests say most. The client refreshes at REPOSITORY_NOW: it must succeed, or end with this fault
 * (and text, if it is not NULL); then these versions are stored. */
void repository_expect_good(Repository *repository);
void repository_expect_fault(Repository *repository, FaultCode code, const char *text);
void repository_expect_stored(Repository *repository, int root, int timestamp, int snapshot,
                              int targets);
/* Publishes targets, snapshot and timestamp; before them ROLES, blank-separated. */
void repository_publish_next(Repository *repository);
void repository_publish_roles(Repository *repository, const char *roles);
/* A client that has refreshed; its requests are forgotten. */
Tuf *repository_refreshed(Repository *repository);

/* Writes all that is served into FOLDER, which must be there. */
void repository_dump(Repository *repository, const char *folder);

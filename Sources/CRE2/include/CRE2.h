#ifndef RELAUNCH_CRE2_H
#define RELAUNCH_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One compiled pattern: a `re2::RE2`. Searching it from several threads at once is allowed.
typedef struct cre2_pattern cre2_pattern;

/// Stands for `new RE2(pattern, options)` with quiet errors and `max_mem` set to `memory_limit` bytes.
///
/// The caller owns the result, also when `cre2_error` says that the pattern is wrong. NULL when memory is exhausted.
cre2_pattern *cre2_create(const char *pattern, size_t length, int64_t memory_limit);

/// Stands for `delete`.
void cre2_destroy(cre2_pattern *pattern);

/// Stands for `RE2::error()`: what is wrong with the pattern, as a NUL-terminated text owned by `pattern`; NULL when it is good.
const char *cre2_error(const cre2_pattern *pattern);

/// Stands for `RE2::PartialMatch`: whether some part of the text matches. False for a pattern that is wrong.
bool cre2_matches(const cre2_pattern *pattern, const char *text, size_t length);

#ifdef __cplusplus
}
#endif

#endif

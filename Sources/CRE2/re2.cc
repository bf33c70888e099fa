#include "CRE2.h"

#include <re2/re2.h>

#include <new>

struct cre2_pattern {
  re2::RE2 expression;

  cre2_pattern(const re2::StringPiece &pattern, const re2::RE2::Options &options) : expression(pattern, options) {}
};

// No exception may cross into Swift, so a failed allocation becomes NULL or "no match" here.

cre2_pattern *cre2_create(const char *pattern, size_t length, int64_t memory_limit) {
  try {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memory_limit);
    return new cre2_pattern(re2::StringPiece(pattern, length), options);
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

void cre2_destroy(cre2_pattern *pattern) { delete pattern; }

const char *cre2_error(const cre2_pattern *pattern) {
  return pattern->expression.ok() ? nullptr : pattern->expression.error().c_str();
}

bool cre2_matches(const cre2_pattern *pattern, const char *text, size_t length) {
  if (!pattern->expression.ok()) return false;
  try {
    return pattern->expression.Match(re2::StringPiece(text, length), 0, length, re2::RE2::UNANCHORED, nullptr, 0);
  } catch (const std::bad_alloc &) {
    return false;
  }
}

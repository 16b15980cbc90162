#ifndef CTOML_H
#define CTOML_H

// TOML 1.0 by toml++ (Debian: libtomlplusplus-dev), as plain C: a parsed document is a tree of
// structs, each with its place in the source. No C++ exception crosses this header.
//
// Everything that a document points at lives until ctoml_free(); nothing is ever changed after
// ctoml_parse(), so that a document may be read from any thread.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A place in the source, both numbers from 1. A column is one Unicode scalar.
typedef struct ctoml_position {
    uint32_t line;
    uint32_t column;
} ctoml_position;

/// Bytes in UTF-8, not ended by a NUL; they may contain one.
typedef struct ctoml_text {
    const char *bytes;
    size_t length;
} ctoml_text;

typedef enum ctoml_kind {
    CTOML_TABLE,
    CTOML_ARRAY,
    CTOML_STRING,
    CTOML_INTEGER,
    CTOML_FLOAT,
    CTOML_BOOLEAN,
    CTOML_DATE,
    CTOML_TIME,
    CTOML_DATE_TIME
} ctoml_kind;

/// One value. Only the members that its kind names mean something.
typedef struct ctoml_node {
    ctoml_kind kind;
    /// Where the value starts; of a table with a header, where the header starts.
    ctoml_position position;
    /// In a table: the key of the value and where it starts. Of an array of tables, and of a table
    /// with a header, that is inside the brackets.
    ctoml_text key;
    ctoml_position key_position;
    /// CTOML_STRING.
    ctoml_text string;
    /// CTOML_INTEGER.
    int64_t integer;
    /// CTOML_FLOAT; may be infinite or not a number.
    double floating;
    /// CTOML_BOOLEAN: 0 or 1.
    int boolean;
    /// CTOML_TABLE: its values in the order of their keys in the source. CTOML_ARRAY: its elements.
    const struct ctoml_node *children;
    size_t count;
} ctoml_node;

/// What came of parsing: a tree, or the first fault.
typedef struct ctoml_document ctoml_document;

/// Parses a whole file. A byte order mark at its start is skipped.
///
/// Values may be nested 32 deep, and a dotted key may have 32 parts: deeper is a fault.
/// Returns NULL only when memory is short. The bytes are not needed any more afterwards.
ctoml_document *ctoml_parse(const char *bytes, size_t length);

/// Frees a document and all it points at. NULL is allowed.
void ctoml_free(ctoml_document *document);

/// The root table, or NULL when the source is not TOML.
const ctoml_node *ctoml_root(const ctoml_document *document);

/// What is wrong with the source, and where; empty when it is TOML.
ctoml_text ctoml_fault(const ctoml_document *document);
ctoml_position ctoml_fault_position(const ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif

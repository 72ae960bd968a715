/* Arithmetic, $(( )): C's operators on 64 bit numbers and variables, by precedence. */

#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *at, *whole;
static bool passive; /* the side of && || ?: that does not count */

static long conditional(void);

static void bad(const char *what)
{
    fail("arithmetic: %s in '%s'", what, whole);
}

static void blanks(void)
{
    while (isspace(*at))
        at++;
}

static bool take_sign(const char *sign)
{
    size_t n = strlen(sign);
    blanks();
    if (strncmp(at, sign, n) != 0)
        return false;
    at += n;
    return true;
}

static long number_of(const char *text)
{
    char *end;
    long value = strtol(text, &end, 0);
    if (*end)
        bad("a variable that is not a number");
    return value;
}

/* Binary operators, the strongest first; a longer one before one that it begins with. */
static const struct operator {
    const char *sign;
    int level;
} operators[] = { { "<<", 4 }, { ">>", 4 }, { "<=", 5 }, { ">=", 5 }, { "==", 6 }, { "!=", 6 }, { "&&", 10 }, { "||", 11 }, { "*", 2 },
                  { "/", 2 }, { "%", 2 }, { "+", 3 }, { "-", 3 }, { "<", 5 }, { ">", 5 }, { "&", 7 }, { "^", 8 }, { "|", 9 } };
enum { OPERATORS = sizeof(operators) / sizeof(operators[0]) };

static long apply(const char *sign, long a, long b)
{
    if ((*sign == '/' || *sign == '%') && b == 0) {
        if (passive)
            return 0;
        bad("division by zero");
    }
    switch (*sign) {
    case '*': return (unsigned long)a * b;
    case '/': return b == -1 ? (long)-(unsigned long)a : a / b;
    case '%': return b == -1 ? 0 : a % b;
    case '+': return (unsigned long)a + b;
    case '-': return (unsigned long)a - b;
    case '^': return a ^ b;
    case '=': return a == b;
    case '!': return a != b;
    case '&': return sign[1] == '&' ? a && b : a & b;
    case '|': return sign[1] == '|' ? a || b : a | b;
    case '<': return sign[1] == '<' ? (long)((unsigned long)a << (b & 63)) : sign[1] == '=' ? a <= b : a < b;
    default: return sign[1] == '>' ? a >> (b & 63) : sign[1] == '=' ? a >= b : a > b;
    }
}

static long assign(char *name, long value)
{
    if (!passive) {
        char text[24];
        snprintf(text, sizeof(text), "%ld", value);
        var_set(name, text);
    }
    return value;
}

static long variable(void)
{
    size_t n = 0;
    while (isalnum(at[n]) || at[n] == '_')
        n++;
    char *name = take_text(at, n);
    at += n;
    blanks();
    if (at[0] == '=' && at[1] != '=') {
        at++;
        return assign(name, conditional());
    }
    const char *value = var_get(name);
    long now = value && *value ? number_of(value) : 0;
    size_t sign = at[0] == at[1] && (*at == '<' || *at == '>') ? 2 : 1;
    if (*at && strchr("+-*/%&|^<>", *at) && at[sign] == '=' && (sign == 2 || (*at != '<' && *at != '>'))) {
        char *operator = take_text(at, sign);
        at += sign + 1;
        return assign(name, apply(operator, now, conditional()));
    }
    return now;
}

static long unary(void)
{
    if (take_sign("!"))
        return !unary();
    if (take_sign("~"))
        return ~unary();
    if (take_sign("-"))
        return -(unsigned long)unary();
    if (take_sign("+"))
        return unary();
    if (take_sign("(")) {
        long value = conditional();
        if (!take_sign(")"))
            bad("a ) is missing");
        return value;
    }
    if (isdigit(*at)) {
        char *end;
        long value = strtol(at, &end, 0);
        at = end;
        return value;
    }
    if (!isalpha(*at) && *at != '_')
        bad("a number is missing");
    return variable();
}

static const struct operator *operator_here(int level)
{
    blanks();
    for (int i = 0; i < OPERATORS; i++)
        if (strncmp(at, operators[i].sign, strlen(operators[i].sign)) == 0)
            return operators[i].level <= level ? &operators[i] : NULL;
    return NULL;
}

/* Operators of this level and stronger ones. */
static long binary(int level)
{
    long left = level == 1 ? unary() : binary(level - 1);
    const struct operator *operator;
    while (level > 1 && (operator = operator_here(level))) {
        at += strlen(operator->sign);
        bool before = passive;
        passive |= (level == 10 && !left) || (level == 11 && left);
        long right = binary(level - 1);
        passive = before;
        left = apply(operator->sign, left, right);
    }
    return left;
}

static long conditional(void)
{
    long condition = binary(11);
    if (!take_sign("?"))
        return condition;
    bool before = passive;
    passive = before || !condition;
    long yes = conditional();
    if (!take_sign(":"))
        bad("a : is missing");
    passive = before || condition;
    long no = conditional();
    passive = before;
    return condition ? yes : no;
}

long evaluate(const char *expression)
{
    at = whole = expression;
    passive = false;
    blanks();
    if (!*at)
        return 0;
    long value = conditional();
    blanks();
    if (*at)
        bad("something is left over");
    return value;
}

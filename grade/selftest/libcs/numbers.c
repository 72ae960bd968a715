/* Numbers: floating point, whose registers are each thread's own and are kept over signals and switches; text and numbers in locale C. */
#include "../pthreads/pthreads.h"

#include <ctype.h>
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <wchar.h>
#include <wctype.h>

static void mathematics(void)
{
    volatile double x = 0.1, y = 3, zero = 0;
    double whole;
    int exponent;

    printf("%.17g %.17g %.17g\n", x + 0.2, 1 / y, sqrt(2 * x));
    printf("%a %a\n", x, -y);
    printf("%.15g %.15g %.15g %.15g\n", sin(y), cos(y), atan2(y, x), exp(x));
    printf("%.15g %.15g %.15g %.15g\n", log(y), pow(y, 2.5), cbrt(y), hypot(3, 4));
    printf("%g %g %g %g\n", floor(-2.5), ceil(-2.5), trunc(-2.5), rint(2.5));
    printf("%g %g %g %d\n", fmod(7, y), remainder(7, y), 1 / zero, isnan(zero / zero) != 0);
    x = frexp(48, &exponent);
    y = modf(3.75, &whole);
    printf("%g %d %g %g\n", x, exponent, y, whole);
    printf("%.20Lg %.10Lg\n", 1.0L / 3, (long double)DBL_MAX * 2);
    printf("%d %d %d\n", (int)lround(-2.5), (int)nearbyint(3.5), ilogb(1000));
    printf("%g %g %g\n", DBL_MIN, DBL_EPSILON, ldexp(1, -1074));
}

static void rounding(void)
{
    static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
    volatile double one = 1, three = 3, zero = 0;

    for (int i = 0; i < 4; i++) {
        fesetround(modes[i]);
        printf("%.20g %g\n", one / three, rint(-2.5));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    (void)(one / zero);
    volatile double quotient = one / zero;
    show("division by zero", fetestexcept(FE_DIVBYZERO) != 0 && isinf(quotient));
    show("nothing invalid", fetestexcept(FE_INVALID));
}

/* --- each thread's registers are its own, also while handlers compute */

static atomic_int handled;

static void computes(int number)
{
    volatile double x = number;

    fesetround(FE_UPWARD); /* is as before when it returns */
    for (int i = 0; i < 50; i++)
        x = sqrt(x * x + 1);
    handled += x > 0;
}

static double series(int seed, int n)
{
    double sum = seed, term = 1;

    for (int i = 1; i < n; i++) {
        term = -term * 0.999;
        sum += term / (i + seed) + sqrt(sum * sum + i) * 1e-6;
    }
    return sum;
}

static void *computes_series(void *number)
{
    static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
    int seed = (int)(long)number;
    double first;
    long wrong = 0;

    fesetround(modes[seed % 4]);
    first = series(seed, 20000);
    for (int i = 0; i < 10; i++) {
        wrong += series(seed, 20000) != first;
        wrong += fegetround() != modes[seed % 4];
        if (i % 3 == 0)
            sched_yield();
    }
    return (void *)wrong;
}

static void threads(void)
{
    const struct itimerval often = { { 0, 700 }, { 0, 700 } }, never = { { 0, 0 }, { 0, 0 } };
    pthread_t all[6];
    long wrong = 0;

    signal(SIGALRM, computes);
    setitimer(ITIMER_REAL, &often, NULL);
    for (long i = 0; i < 6; i++)
        all[i] = start(computes_series, (void *)(i + 1));
    for (int i = 0; i < 6; i++)
        wrong += join(all[i]);
    while (!handled)
        pause();
    setitimer(ITIMER_REAL, &never, NULL);
    show("computed wrong", wrong);
    show("its own mode", fegetround() == FE_TONEAREST);
}

/* The integer unit's direction and what a jump keeps. */
static sigjmp_buf back;

static void jumps(int number)
{
    siglongjmp(back, number);
}

static void over_a_jump(void)
{
    volatile double kept = 2.5;

    signal(SIGUSR1, jumps);
    if (!sigsetjmp(back, 1)) {
        kept *= 2;
        raise(SIGUSR1);
    }
    printf("kept: %g\n", kept);
}

/* --- text */

static void conversions(void)
{
    static const char *const texts[] = { "1e308", "0x1.8p3", "-.5e-3xyz", "inf", "nan", "1e400", "1e-400", "  12", "",
                                         "99999999999999999999" };
    char *end;

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        errno = 0;
        double d = strtod(texts[i], &end);
        printf("strtod %s: %g, rest '%s', %s\n", texts[i], d, end, errno == ERANGE ? "out of range" : "ok");
        errno = 0;
        long n = strtol(texts[i], &end, 0);
        printf("strtol %s: %ld, rest '%s', %s\n", texts[i], n, end, errno == ERANGE ? "out of range" : "ok");
    }
    printf("%5d|%-5d|%05d|%+d|% d|%x|%X|%#o|%#x|%c|%s|%10.3s|%-10s|%%|%p\n", 42, 42, 42, 42, 42, 255, 255, 8, 255, 'c', "text", "abcdef",
           "left", (void *)0x1234);
    printf("%e|%E|%g|%G|%f|%10.2f|%-10.2f|%+.0f|%#.0f\n", 12345.678, 12345.678, 1e-10, 1e20, 1.5, 2.345, 2.345, 0.5, 3.0);
    printf("%hhd %hd %ld %lld %zu %jd %" PRIu64 "\n", (signed char)-1, (short)-2, -3L, -4LL, (size_t)5, (intmax_t)-6, UINT64_MAX);
}

static void locale(void)
{
    struct lconv *conv;
    wchar_t wide[20];
    int letters = 0, above = 0;

    show("locale", strcmp(setlocale(LC_ALL, NULL), "C") == 0);
    conv = localeconv();
    printf("decimal point '%s', thousands '%s'\n", conv->decimal_point, conv->thousands_sep);
    for (int c = 0; c < 256; c++) {
        letters += isalpha(c) != 0;
        above += c > 127 && (isalpha(c) || isspace(c));
    }
    printf("letters %d, above 127 %d, upper %c\n", letters, above, toupper('q'));
    show("strcoll", strcoll("abc", "abd") < 0);
    show("mbstowcs", (long)mbstowcs(wide, "wide text", 20));
    show("wcslen", (long)wcslen(wide));
    printf("%ls|%lc\n", wide, (wint_t)L'x');
    show("iswalpha", iswalpha(L'a') != 0);
}

int main(void)
{
    mathematics();
    rounding();
    threads();
    over_a_jump();
    conversions();
    locale();
    return 0;
}

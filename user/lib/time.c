/* Dates: <time.h>. Days are counted from 1970-01-01; the civil date is found by whole 400-year eras that begin in March, so that the leap
 * day is the last of a year. */

#include <stdio.h>
#include <string.h>
#include <time.h>

struct tm *gmtime(const time_t *t)
{
    static struct tm tm;
    long days = *t / 86400, seconds = *t % 86400;
    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    long z = days + 719468; /* from 0000-03-01 */
    long era = (z >= 0 ? z : z - 146096) / 146097;
    long day_of_era = z - era * 146097;
    long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100); /* from March 1st */
    long month = (5 * day_of_year + 2) / 153;                                                  /* 0 is March */
    long year = year_of_era + era * 400 + (month >= 10);
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    tm.tm_sec = seconds % 60;
    tm.tm_min = seconds / 60 % 60;
    tm.tm_hour = seconds / 3600;
    tm.tm_mday = day_of_year - (153 * month + 2) / 5 + 1;
    tm.tm_mon = month < 10 ? month + 2 : month - 10;
    tm.tm_year = year - 1900;
    tm.tm_wday = (days % 7 + 11) % 7;
    tm.tm_yday = month < 10 ? day_of_year + 59 + leap : day_of_year - 306;
    return &tm;
}

struct tm *localtime(const time_t *t)
{
    return gmtime(t);
}

static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* The seconds since 1970 of a date. */
static long seconds_of(const struct tm *tm)
{
    long y = tm->tm_year + 1899; /* the last full year */
    long whole = y * 365 + y / 4 - y / 100 + y / 400 - 719162;
    return ((whole + tm->tm_yday) * 24 + tm->tm_hour) * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

static int put_part(char *to, size_t size, char what, const struct tm *tm)
{
    switch (what) {
    case 'Y': return snprintf(to, size, "%d", tm->tm_year + 1900);
    case 'y': return snprintf(to, size, "%02d", tm->tm_year % 100);
    case 'm': return snprintf(to, size, "%02d", tm->tm_mon + 1);
    case 'd': return snprintf(to, size, "%02d", tm->tm_mday);
    case 'e': return snprintf(to, size, "%2d", tm->tm_mday);
    case 'j': return snprintf(to, size, "%03d", tm->tm_yday + 1);
    case 'H': return snprintf(to, size, "%02d", tm->tm_hour);
    case 'M': return snprintf(to, size, "%02d", tm->tm_min);
    case 'S': return snprintf(to, size, "%02d", tm->tm_sec);
    case 's': return snprintf(to, size, "%ld", seconds_of(tm));
    case 'a': return snprintf(to, size, "%s", days[tm->tm_wday]);
    case 'b': return snprintf(to, size, "%s", months[tm->tm_mon]);
    case 'Z': return snprintf(to, size, "UTC");
    case 'n': return snprintf(to, size, "\n");
    case 'F': return snprintf(to, size, "%d-%02d-%02d", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday);
    case 'T': return snprintf(to, size, "%02d:%02d:%02d", tm->tm_hour, tm->tm_min, tm->tm_sec);
    default: return snprintf(to, size, "%c", what);
    }
}

size_t strftime(char *to, size_t size, const char *format, const struct tm *tm)
{
    size_t n = 0;
    for (; *format; format++) {
        if (*format == '%' && format[1])
            n += put_part(to + n, size - n, *++format, tm);
        else
            n += snprintf(to + n, size - n, "%c", *format);
        if (n >= size)
            return 0;
    }
    return n;
}

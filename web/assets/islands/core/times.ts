// Times as people say them, in the reader's language and zone. Pure.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** "just now", "5 min. ago", "yesterday"; a date once it is more than a week away. */
export function relative(time: string, now: number, locale?: string): string {
  const moment = new Date(time);
  const seconds = Math.round((now - moment.getTime()) / 1000);
  if (Number.isNaN(seconds)) return "";
  const spoken = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  if (seconds < 45) return spoken.format(0, "second").replace(/^now$/, "just now");
  if (seconds < 45 * MINUTE) return spoken.format(-Math.max(1, Math.round(seconds / MINUTE)), "minute");
  if (seconds < 22 * HOUR) return spoken.format(-Math.max(1, Math.round(seconds / HOUR)), "hour");
  if (seconds < WEEK) return spoken.format(-Math.max(1, Math.round(seconds / DAY)), "day");
  const isThisYear = moment.getFullYear() === new Date(now).getFullYear();
  const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale, isThisYear ? date : { ...date, year: "numeric" }).format(moment);
}

export function absolute(time: string, locale?: string): string {
  const moment = new Date(time);
  if (Number.isNaN(moment.getTime())) return "";
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }).format(moment);
}

export function clock(time: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(new Date(time));
}

// Numbers and dates for people, in the way of their browser's language. The sandbox has a clock of its own,
// so "today" is asked of it.

export function bytes(count) {
  if (count === undefined || count === null) return "";
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = Number(count);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit && value < 100 ? Number(value.toFixed(1)) : Math.round(value)} ${units[unit]}`;
}

export function duration(seconds) {
  const total = Math.max(0, Math.round(seconds || 0));
  const tail = `${Math.floor(total / 60) % 60}:${String(total % 60).padStart(2, "0")}`;
  return total >= 3600 ? `${Math.floor(total / 3600)}:${tail.padStart(5, "0")}` : tail;
}

export function clockTime(unix) {
  return new Date(unix * 1000).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

function dayNumber(unix) {
  const date = new Date(unix * 1000);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86400000);
}

export function sameDay(a, b) {
  return dayNumber(a) === dayNumber(b);
}

export function dayName(unix, now) {
  const ago = dayNumber(now) - dayNumber(unix);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  const date = new Date(unix * 1000);
  const year = date.getFullYear() === new Date(now * 1000).getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString([], { day: "numeric", month: "long", year });
}

/** Time for today, weekday for the last week, else a date: what a chat list shows. */
export function listTime(unix, now) {
  const ago = dayNumber(now) - dayNumber(unix);
  if (ago === 0) return clockTime(unix);
  const date = new Date(unix * 1000);
  if (ago > 0 && ago < 7) return date.toLocaleDateString([], { weekday: "short" });
  return date.toLocaleDateString([], { day: "2-digit", month: "2-digit", year: "2-digit" });
}

export function fullTime(unix) {
  return new Date(unix * 1000).toLocaleString([], {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

export function personName(person) {
  if (!person) return "";
  return (
    [person.first_name, person.last_name].filter(Boolean).join(" ") ||
    person.title ||
    person.username ||
    String(person.id)
  );
}

/** "Uzbek" for "uz"; null where there is no code. */
export function languageName(code) {
  if (!code) return null;
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(code);
  } catch {
    return code;
  }
}

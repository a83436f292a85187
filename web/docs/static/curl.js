// The curl line of a call.

export function curl(call, schemas, key) {
  const words = ["curl"];
  const shown = call["x-curl"];
  if (call.method === "head") words.push("-I");
  else if (call.method !== "get" && !(call.method === "post" && (shown ?? call.requestBody))) words.push(`-X ${call.method.toUpperCase()}`);
  if (call.security?.length) words.push(`-H ${quote(`X-API-Key: ${key || "$KEY"}`)}`);
  words.push(...headers(call, schemas), ...(shown ? [shown] : body(call, schemas)), quote(location.origin + target(call, schemas)));
  return words.join(" ");
}

// Double quotes, so that a shell puts the variable in.
function quote(text) {
  return `"${text.replace(/["\\`]/g, "\\$&")}"`;
}

function headers(call, schemas) {
  const needed = (call.parameters ?? []).filter((one) => one.in === "header" && one.required);
  return needed.map((one) => `-H ${quote(`${one.name}: ${schemas.sample(one.schema)}`)}`);
}

function target(call, schemas) {
  const parameters = call.parameters ?? [];
  const filled = call.path.replace(/\{([^}]+)\}/g, (whole, name) => {
    const one = parameters.find((parameter) => parameter.in === "path" && parameter.name === name);
    return one ? encodeURIComponent(schemas.sample(one.schema)) : whole;
  });
  const query = parameters.filter((one) => one.in === "query" && (one.required || one.schema.examples) && !call.requestBody);
  const pairs = query.map((one) => `${one.name}=${encodeURIComponent(schemas.sample(one.schema))}`);
  return pairs.length ? `${filled}?${pairs.join("&")}` : filled;
}

function body(call, schemas) {
  const content = call.requestBody?.content ?? {};
  if (content["application/json"]) {
    const sample = JSON.stringify(schemas.sample(content["application/json"].schema));
    return ['-H "Content-Type: application/json"', `-d '${sample.replaceAll("'", "'\\''")}'`];
  }
  const form = content["multipart/form-data"];
  if (form) return (form.schema.required ?? []).map((name) => `-F ${name}=${isFile(form.schema, name) ? "@leak.jpg" : schemas.sample(form.schema.properties[name])}`);
  const [type] = Object.keys(content);
  return type ? [`-H "Content-Type: ${type}"`, "--data-binary @leak.jpg"] : [];
}

function isFile(schema, name) {
  const field = schema.properties[name];
  return (field.items ?? field).format === "binary";
}

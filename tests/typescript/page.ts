// What a frontend does: one call per page, pages of lists, and a problem it can show. It only has to compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Page = components["schemas"]["ProposalPage"];
type Problem = components["schemas"]["Problem"];

const api = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" });

export async function proposalPage(id: string): Promise<Page> {
  const { data, error } = await api.GET("/v1/proposals/{proposal_id}", {
    params: { path: { proposal_id: id }, query: { include: "tally,votes,forecast", votes_limit: 20 } },
  });
  if (error) {
    throw new Error(explain(error));
  }
  const choices: string[] = (data.tally?.choices ?? []).map((each) => `${each.label ?? each.choice ?? "?"}: ${each.power ?? "unknown"}`);
  console.log(data.title ?? data.external_id, choices, data.votes?.next_cursor ?? null);
  return data;
}

export async function allDaos(): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 200 } : { limit: 200, cursor };
    const { data, error } = await api.GET("/v1/daos", { params: { query } });
    if (error) {
      throw new Error(explain(error));
    }
    names.push(...data.items.map((dao) => dao.name));
    cursor = data.next_cursor;
  } while (cursor !== null);
  return names;
}

export async function register(name: string, key: string): Promise<string> {
  const { data, error } = await api.POST("/v1/daos", {
    params: { header: { "Idempotency-Key": `register-${name}` } },
    headers: { Authorization: `Bearer ${key}` },
    body: { name, invented: false },
  });
  if (error) {
    throw new Error(explain(error));
  }
  return data.id;
}

function explain(problem: Problem): string {
  return `${problem.status} ${problem.code}: ${problem.detail}`;
}

// Types of the package.

/** A JSON Schema, as MCP has it. */
export type Schema = { [name: string]: unknown };

/** What a tool is. */
export interface Definition {
  /** `[A-Za-z0-9_-]{1,64}`. */
  name: string;
  /** Short name for people. */
  title?: string;
  /** What it does, for a person or a model. */
  description?: string;
  /** Of an object; any arguments where there is none. */
  inputSchema?: Schema;
  /** Of an object; without one, results are not judged. */
  outputSchema?: Schema;
}

/** The call that a tool is doing. */
export class Context {
  /** Whether no one waits for the answer any more. */
  readonly isCancelled: boolean;
  /** Tells the client that `done` of `total` is done; `done` has to rise. */
  progress(done: number, total?: number, text?: string): void;
}

export type Tool = (given: any, context: Context) => unknown;

/** Options of `trine_hub_open`; a list stands for as many lines. */
export type Options = { [name: string]: string | number | boolean | (string | number)[] };

/** What a sentence came to; docs/any-tools.md has the words of `why`. */
export interface Asked {
  tool: string | null;
  arguments: { [name: string]: unknown } | null;
  confidence: number;
  reason?: string;
  why?: string;
  missing?: string[];
  between?: string[];
  likeliest?: { tool: string; arguments: object };
  calls?: { tool: string; arguments: object }[];
}

/** Tools, served to MCP clients. */
export class Server {
  constructor(options?: Options);
  /** Adds a function as a tool. */
  tool(definition: Definition, run: Tool): this;
  /** Takes a tool out. */
  remove(name: string): void;
  /** Calls a tool: its structured result, or its content. */
  call(name: string, given?: object, how?: { timeoutMs?: number; signal?: AbortSignal }): Promise<any>;
  /** The tools, as MCP's `tools/list` has them. */
  tools(): { name: string; [member: string]: unknown }[];
  /** What a sentence asks for, by the base model over all tools; nothing is called. */
  ask(sentence: string): Asked;
  /** Calls, errors and seconds of a tool since it was added. */
  stats(name: string): { calls: number; errors: number; seconds: number };
  /** Counts of all tools of this program and of its plug-ins, at one moment. */
  metrics(): Metrics;
  /** Has a function told of each event of the devices; what is answered ends it. */
  listen(run: (event: Event) => void): () => Promise<void>;
  /** Shows the tools of now among those of a gateway: `socket` is that of its `--plugin-control`. */
  join(socket: string, name: string): void;
  /** Leaves a gateway, once calls under way have ended. */
  leave(name: string): Promise<void>;
  /** Serves clients over HTTP until it is closed; answers the port. */
  serveHttp(host?: string, port?: number): number;
  /** Serves the client on standard input and output, until it leaves. */
  serveStdio(): Promise<void>;
  /** Ends it, when calls under way have ended. */
  close(): Promise<void>;
}

/** Something that happened on a device and that no one called for. */
export interface Event {
  device: string;
  tool: string;
  text: string;
  /** Rises by one with each event of the device: a gap is what was lost. */
  number: number;
}

/** Calls under way, those that have ended, and those that were not begun. */
export interface Counts {
  active: number;
  calls: number;
  errors: number;
  refused: number;
  seconds: number;
}

export interface Metrics extends Counts {
  uptime_seconds: number;
  tools_available: number;
  tools: { [name: string]: Counts & { longest_seconds: number } };
}

/** Every error of this package. */
export class TrineError extends Error {
  /** The number that C has. */
  readonly status: number;
  constructor(text: string, status?: number);
}
export class ArgumentError extends TrineError {}
export class StateError extends TrineError {}
export class ConnectionError extends TrineError {}
export class ProtocolError extends TrineError {}
export class ToolError extends TrineError {}
export class ToolNotFoundError extends TrineError {}
export class OverloadedError extends TrineError {}
export class TlsError extends TrineError {}

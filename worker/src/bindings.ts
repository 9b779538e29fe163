/** What the Worker is given by its configuration, as far as it is used. All of it is optional. */

export interface Fetcher {
  fetch(request: Request | string): Promise<Response>;
}

export interface KeyValueStore {
  get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>;
}

export interface ObjectStore {
  get(key: string): Promise<{
    readonly size: number;
    arrayBuffer(): Promise<ArrayBuffer>;
  } | null>;
}

export interface Bindings {
  /** Static assets: the page, and Programs that are not embedded. */
  readonly ASSETS?: Fetcher;
  /** Stores of models that are deployed without the code. */
  readonly MODELS_KV?: KeyValueStore;
  readonly MODELS_R2?: ObjectStore;
  /** A secret: where it is set, every inference route asks for it. */
  readonly API_TOKEN?: string;
  /** Origins that may use the API from their pages, separated by commas, or `*`. None by default. */
  readonly CORS_ORIGINS?: string;
}

/** Of a request: what goes on after its answer. */
export interface Context {
  waitUntil(work: Promise<unknown>): void;
}

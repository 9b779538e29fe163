/** The routes, and what all of them share: errors, origins, counting. */

import type { Context as HonoContext } from 'hono';
import { routePath } from 'hono/route';
import { Hono } from 'hono/tiny';
import { corsHeaders } from './auth.ts';
import { drain } from './body.ts';
import type { Bindings, Context } from './bindings.ts';
import { HttpError, messageOf } from './errors.ts';
import { MAX_BODY_BYTES, MAX_PIXELS } from './limits.ts';
import { addV1 } from './routes/v1.ts';
import { addV2 } from './routes/v2.ts';
import { Service, type Parts } from './service.ts';

export interface Environment {
  readonly Bindings: Bindings;
  readonly Variables: { readonly service: Service };
}

export type App = Hono<Environment>;
export type Call = HonoContext<Environment>;

export interface Worker {
  readonly fetch: (
    request: Request,
    bindings: Bindings,
    context: Context,
  ) => Response | Promise<Response>;
}

/** The Worker of a script: one service an isolate, made at the first request, which brings the bindings. */
export function createWorker(parts: Parts): Worker {
  const app = createApp(parts);
  return {
    fetch: (request, bindings, context) =>
      app.fetch(request, bindings, {
        waitUntil: (work) => {
          context.waitUntil(work);
        },
        passThroughOnException: () => undefined,
        props: undefined,
      }),
  };
}

function createApp(parts: Parts): App {
  const app: App = new Hono<Environment>();
  let service: Service | undefined;
  app.use(async (call, next) => {
    service ??= new Service(parts, call.env, (work) => {
      call.executionCtx.waitUntil(work);
    });
    call.set('service', service);
    await next();
    await drain(call.req.raw);
    const headers = corsHeaders(call.env.CORS_ORIGINS, call.req.header('origin') ?? null);
    for (const [name, value] of Object.entries(headers)) call.header(name, value);
    const route = routePath(call, -1);
    service.metrics.count('requests', { route, status: String(call.res.status) });
  });
  app.options('*', (call) => {
    const headers = corsHeaders(call.env.CORS_ORIGINS, call.req.header('origin') ?? null);
    if (Object.keys(headers).length === 0) throw new HttpError(405, 'Expected GET or POST');
    call.header('Access-Control-Allow-Methods', 'GET, POST');
    call.header(
      'Access-Control-Allow-Headers',
      'Authorization, Content-Type, Inference-Header-Content-Length',
    );
    call.header('Access-Control-Max-Age', '86400');
    return call.body(null, 204);
  });
  addV1(app);
  addV2(app);
  app.notFound((call) => {
    const path = call.req.path.slice(0, 200);
    return call.json({ error: `Expected a route of /openapi.json but found ${path}` }, 404);
  });
  app.onError((error, call) => {
    if (error instanceof HttpError) {
      for (const [name, value] of Object.entries(error.headers)) call.header(name, value);
      call.status(error.status as 400);
      return call.json({ error: error.message });
    }
    console.error(`${call.req.method} ${call.req.path}: ${messageOf(error)}`, error);
    return call.json({ error: 'Internal error' }, 500);
  });
  return app;
}

/** Refuses every other method of a route. */
export function onlyMethod(app: App, path: string, method: 'GET' | 'POST'): void {
  app.all(path, () => {
    throw new HttpError(405, `Expected ${method}`, { headers: { Allow: method } });
  });
}

/** Limits, as the answers state them. */
export const limits = { bytes: MAX_BODY_BYTES, pixels: MAX_PIXELS } as const;

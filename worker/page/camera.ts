/** The webcam: whether a person is there, frame by frame, in this browser alone. */

import type { RgbImage } from '../../images/decode.ts';
import { frameLine } from './charts.ts';
import { byId } from './elements.ts';
import type { LocalModels } from './local.ts';

const SIDE = 480;
const SHOWN_FRAMES = 120;

export class Camera {
  readonly #models: LocalModels;
  readonly #video = byId('video', HTMLVideoElement);
  readonly #canvas = document.createElement('canvas');
  #stream: MediaStream | undefined;

  constructor(models: LocalModels) {
    this.#models = models;
  }

  get running(): boolean {
    return this.#stream !== undefined;
  }

  /** Asks for the camera, then shows verdicts until `stop`. @throws {DOMException} where there is no camera, or it may not be used */
  async start(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, facingMode: 'user' },
    });
    this.#stream = stream;
    this.#video.srcObject = stream;
    await this.#video.play();
    void this.#show(stream);
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
  }

  /** What the camera sees now, as a JPEG file. */
  async photo(): Promise<Uint8Array> {
    this.#draw(this.#video.videoWidth, this.#video.videoHeight);
    const blob = await new Promise<Blob | null>((resolve) => {
      this.#canvas.toBlob(resolve, 'image/jpeg', 0.92);
    });
    if (blob === null) throw new Error('Expected a picture of the camera but found none');
    return new Uint8Array(await blob.arrayBuffer());
  }

  async #show(stream: MediaStream): Promise<void> {
    const entry = (await this.#models.entries()).find(
      ({ name, precision }) => name === 'small' && precision === 'int8',
    );
    const verdict = byId('verdict', HTMLElement);
    const chart = byId('live-chart', HTMLElement);
    const times: number[] = [];
    let last = performance.now();
    let rate = 0;
    while (entry !== undefined && this.#stream === stream) {
      const image = this.#frame();
      if (image !== undefined) {
        const { scores, inferenceMilliseconds } = await this.#models.classify(entry, image);
        const now = performance.now();
        rate = rate === 0 ? 1000 / (now - last) : 0.9 * rate + 100 / (now - last);
        last = now;
        times.push(inferenceMilliseconds);
        if (times.length > SHOWN_FRAMES) times.shift();
        const [best] = scores;
        verdict.textContent = `${best?.label ?? ''} (${(100 * (best?.score ?? 0)).toFixed(0)} %), ${rate.toFixed(0)} frames per second`;
        chart.replaceChildren(frameLine('Inference of the last frames, milliseconds', times));
      }
      await new Promise(requestAnimationFrame);
    }
  }

  #draw(width: number, height: number): CanvasRenderingContext2D | null {
    this.#canvas.width = width;
    this.#canvas.height = height;
    const context = this.#canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(this.#video, 0, 0, width, height);
    return context;
  }

  #frame(): RgbImage | undefined {
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return undefined;
    const width = Math.min(SIDE, videoWidth);
    const height = Math.max(1, Math.round((videoHeight * width) / videoWidth));
    const pixels = this.#draw(width, height)?.getImageData(0, 0, width, height).data;
    if (pixels === undefined) return undefined;
    const data = new Uint8Array(3 * width * height);
    for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
      data[to] = pixels[from] ?? 0;
      data[to + 1] = pixels[from + 1] ?? 0;
      data[to + 2] = pixels[from + 2] ?? 0;
    }
    return { width, height, data };
  }
}

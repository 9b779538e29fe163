/** Where the build of the Worker puts what it makes. */

import { packagePath } from '../../tools/models.ts';

export const buildPath = (...parts: string[]): string => packagePath('build', 'worker', ...parts);
export const assetsPath = (...parts: string[]): string => buildPath('assets', ...parts);
export const programsPath = (...parts: string[]): string => buildPath('programs', ...parts);

/** The build of msgpackr that generates no code at run time ships without declarations of its own. */
declare module 'msgpackr/index-no-eval' {
  export { Packr, Unpackr } from 'msgpackr';
}

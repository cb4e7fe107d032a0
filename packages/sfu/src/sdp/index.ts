export type * from './description.ts';
export { MAX_SDP, MAX_SECTIONS, readDescription } from './read-description.ts';
export { writeAnswer } from './write-answer.ts';
export { APPLICATION_MID, writeOffer } from './write-offer.ts';

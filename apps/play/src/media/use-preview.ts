import { useEffect, useState } from 'react';

/** What the devices give while it is wanted; `problem` says why they give nothing. Stopped when it is not shown any more. */
export function usePreview(camera: boolean, microphone: boolean) {
  const [stream, setStream] = useState<MediaStream>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let isOver = false;
    let own: MediaStream | undefined;
    setProblem(undefined);
    if (!camera && !microphone) {
      setStream(undefined);
      return;
    }
    const open = async (): Promise<void> => {
      try {
        own = await navigator.mediaDevices.getUserMedia({ video: camera, audio: microphone });
        if (isOver) stop(own);
        else setStream(own);
      } catch (error) {
        if (!isOver) setProblem(reasonOf(error));
      }
    };
    void open();
    return () => {
      isOver = true;
      stop(own);
      setStream(undefined);
    };
  }, [camera, microphone]);
  return { stream, problem };
}

const stop = (stream: MediaStream | undefined): void => {
  for (const track of stream?.getTracks() ?? []) track.stop();
};

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'The browser may not use your devices';
  return name === 'NotFoundError' ? 'No camera or microphone was found' : 'The devices do not answer';
}

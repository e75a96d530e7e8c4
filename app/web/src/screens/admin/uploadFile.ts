import { ApiError, request } from '../../api/client'
import { CreatePresignedUploadUrl } from './Upload.generated'

/** Puts a file into the private bucket and tells its key. `onProgress` hears 0 to 1. */
export async function uploadFile(organizationId: string, file: File, onProgress: (share: number) => void): Promise<string> {
  const { createPresignedUploadUrl: answer } = await request(CreatePresignedUploadUrl, { organizationId })
  const { s3Key, presignedPutUrl } = JSON.parse(answer) as { s3Key: string; presignedPutUrl: string }
  await put(presignedPutUrl, file, onProgress)
  return s3Key
}

/** By XMLHttpRequest, which unlike fetch tells how far an upload has come. */
function put(url: string, file: File, onProgress: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest()
    transfer.open('PUT', url)
    // The URL is signed for exactly this type.
    transfer.setRequestHeader('Content-Type', 'text/csv')
    transfer.upload.onprogress = ({ loaded, total }) => {
      onProgress(total === 0 ? 0 : loaded / total)
    }
    transfer.onload = () => {
      if (transfer.status >= 200 && transfer.status < 300) resolve()
      else reject(new ApiError('UPLOAD_FAILED', `status ${String(transfer.status)}`))
    }
    transfer.onerror = () => {
      reject(new ApiError('UPLOAD_FAILED', 'connection lost'))
    }
    transfer.send(file)
  })
}
